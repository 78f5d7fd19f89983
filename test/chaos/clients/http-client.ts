import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../history.ts';
import { bodyOf, type Submission, type Wish } from '../workload.ts';
import { type ClientOptions, MOST_OPEN, Turns } from './client.ts';
import { followByPolling } from './follow-by-polling.ts';
import { followByStream } from './follow-by-stream.ts';
import { type JobReply, type Reply, request } from './gateway.ts';
import { mayPass, refusal } from './refusal.ts';

const AGAIN_MS = 200;
const MOST_SENDINGS = 400;

/** Asks for jobs over HTTP until there is enough, and follows each to its end. */
export async function runHttpClient(options: ClientOptions): Promise<void> {
  const client = new HttpClient(options);
  const open = new Set<Promise<void>>();
  while (!options.enough.aborted) {
    const wish = options.workload.next();
    const done = client.pursue(wish).finally(() => open.delete(done));
    open.add(done);
    if (open.size >= MOST_OPEN) await Promise.race(open);
    await sleep(options.workload.pauseMs());
  }
  await Promise.all(open);
}

class HttpClient {
  readonly #options: ClientOptions;
  readonly #turns: Turns;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#turns = new Turns(options.gateways, Number(options.name.split('-').at(-1)));
  }

  /** One wish, from its first sending to the end of its job. Never rejects. */
  async pursue(wish: Wish): Promise<void> {
    const { recorder, enough, over } = this.#options;
    recorder.wished(wish);
    const body = bodyOf(wish);
    const job = await this.#submit(wish, body);
    if (job === undefined) return;
    if (wish.again) await this.#submit(wish, body);
    if (wish.cancelAfterMs !== undefined) void this.#cancel(job, wish.cancelAfterMs);
    const follower = { ...this.#options, turns: this.#turns, job, over };
    if (wish.follow === 'stream') await followByStream(follower);
    else await followByPolling({ ...follower, over: wish.follow === 'poll' ? over : enough });
  }

  /** With a key the wish is sent until there is an answer; without one an answer that got lost stays lost. */
  async #submit(wish: Wish, body: Submission): Promise<string | undefined> {
    for (let sendings = 0; sendings < MOST_SENDINGS && !this.#options.over.aborted; sendings += 1) {
      const outcome = await this.#send(wish, body);
      if (outcome.is === 'accepted') return outcome.job;
      if (outcome.is === 'refused' && !mayPass(outcome.code)) return undefined;
      if (outcome.is === 'unknown' && wish.key === undefined) return undefined;
      await sleep(AGAIN_MS);
    }
    return undefined;
  }

  async #send({ op, key }: Wish, body: Submission): Promise<Outcome> {
    const { name, recorder } = this.#options;
    const sentAt = Date.now();
    const headers = key === undefined ? {} : { 'idempotency-key': key };
    const outcome = await request<JobReply>(this.#turns.next(), 'POST', '/v1/jobs', { body, headers }).then(
      outcomeOf,
      (error: Error): Outcome => ({ is: 'unknown', why: error.message }),
    );
    const keyed = key === undefined ? {} : { key };
    recorder.attempted({ op, client: name, via: 'http', ...keyed, sentAt, answeredAt: Date.now(), outcome });
    return outcome;
  }

  async #cancel(job: string, afterMs: number): Promise<void> {
    await sleep(afterMs);
    // One try: a client that cancels is not owed an answer, and the job may have ended.
    await request(this.#turns.next(), 'POST', `/v1/jobs/${job}/cancel`).catch(() => undefined);
  }
}

function outcomeOf({ status, body }: Reply<JobReply>): Outcome {
  return status === 202 || status === 200 ? { is: 'accepted', job: body.id } : refusal(body?.code ?? String(status));
}
