"""The Celery application: one task, durable all the way.

Quorum queues, publisher confirms, late acknowledgements; results in the backend that RESULT_BACKEND names.
"""

import os

from celery import Celery

app = Celery("jobs", broker=os.environ["BROKER_URL"], backend=os.environ["RESULT_BACKEND"])
app.conf.update(
    # What was accepted is on disk, at the broker as well as at the result store.
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
    task_default_queue_type="quorum",
    task_default_exchange_type="topic",
    # A task whose worker dies is run again.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # Many short tasks: the user guide ("Optimizing") advises 50 to 150 a process.
    worker_prefetch_multiplier=64,
    result_expires=3600,
)


@app.task(name="embed", max_retries=3)
def embed(texts: list[str]) -> dict:
    return {"model": "mock-d4", "dimensions": 4, "vectors": [[0.5, 0.5, 0.5, 0.5] for _ in texts]}
