"""The HTTP side: FastAPI, as its documentation runs blocking calls (plain `def`, a pool of threads)."""

from celery.result import AsyncResult
from fastapi import FastAPI
from pydantic import BaseModel

from jobs import app as celery
from jobs import embed

# Results are read when a client asks for them. Celery's Redis backend would subscribe to each of them for a later
# `result.get()` that never comes, a round trip a task; under many threads that can also hang (celery/celery#10477).
celery.conf.result_backend_thread_safe = True
celery.backend.on_task_call = lambda producer, task_id: None

app = FastAPI()


class Input(BaseModel):
    texts: list[str]


class Submission(BaseModel):
    type: str
    input: Input


@app.post("/v1/jobs", status_code=202)
def submit(submission: Submission) -> dict:
    return {"id": embed.delay(submission.input.texts).id, "status": "queued"}


@app.get("/v1/jobs/{job}")
def status(job: str) -> dict:
    result = AsyncResult(job, app=celery)
    if not result.ready():
        return {"id": job, "status": "queued"}
    if result.successful():
        return {"id": job, "status": "succeeded", "result": result.result}
    return {"id": job, "status": "failed", "error": str(result.result)}
