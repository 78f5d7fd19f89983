import { randomUUID } from 'node:crypto';
import type {
  Collection,
  DeadLetter,
  DeadLetterAction,
  DeadLetterFilter,
  DeadLetterOutcome,
  FoundPassage,
  Job,
  JobEvent,
  ListedDocument,
  NewDocument,
  Page,
  Queue,
  Submission,
  Worker,
} from './api-types.ts';
import { type Access, call } from './http.ts';
import { type FollowOptions, followJob } from './job-events.ts';

const LONG_POLL_S = 30;
/** A long poll is answered a little after its time. */
const LONG_POLL_TIMEOUT_MS = (LONG_POLL_S + 30) * 1000;
const TERMINAL: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);

export interface ClientOptions {
  /** Base URL of the gateway. */
  readonly url: string;
  readonly key?: string | undefined;
  /** Ends every request and stream under way. */
  readonly signal?: AbortSignal;
}

/** Speaks the public API over HTTP and WebSocket. Every method may throw RefusedError or UnreachableError. */
export class WarrenClient {
  readonly #access: Access;

  constructor({ url, key, signal = new AbortController().signal }: ClientOptions) {
    this.#access = { url: url.replace(/\/+$/, ''), key: key === '' ? undefined : key, signal };
  }

  get url(): string {
    return this.#access.url;
  }

  submit(submission: Submission): Promise<Job> {
    return call(this.#access, { method: 'POST', path: '/v1/jobs', body: submission });
  }

  job(id: string): Promise<Job> {
    return call(this.#access, { path: `/v1/jobs/${encodeURIComponent(id)}` });
  }

  /** Waits for a job to end, by long poll. Give up with the client's signal. */
  async waitFor(id: string): Promise<Job> {
    for (;;) {
      const job = await call<Job>(this.#access, {
        path: `/v1/jobs/${encodeURIComponent(id)}`,
        query: { wait: LONG_POLL_S },
        timeoutMs: LONG_POLL_TIMEOUT_MS,
      });
      if (TERMINAL.has(job.status)) return job;
    }
  }

  /** The job's events over WebSocket, resumed by itself; see `followJob`. */
  events(id: string, options?: FollowOptions): AsyncGenerator<JobEvent, void> {
    return followJob(this.#access, id, options);
  }

  cancel(id: string, reason?: string): Promise<Job> {
    const body = reason === undefined ? {} : { reason };
    return call(this.#access, { method: 'POST', path: `/v1/jobs/${encodeURIComponent(id)}/cancel`, body });
  }

  jobs(query: Readonly<Record<string, string | number | undefined>> = {}): Promise<Page<Job>> {
    return call(this.#access, { path: '/v1/jobs', query });
  }

  /** However often it has to be sent, it becomes one job. */
  ingest(collection: string, documents: readonly NewDocument[]): Promise<Job> {
    const path = `${pathOf(collection)}/documents`;
    return call(this.#access, { method: 'POST', path, body: { documents }, idempotencyKey: randomUUID() });
  }

  async deleteDocument(collection: string, id: string): Promise<void> {
    await call(this.#access, {
      method: 'DELETE',
      path: `${pathOf(collection)}/documents/${encodeURIComponent(id)}`,
    });
  }

  documents(
    collection: string,
    query: { readonly limit?: number; readonly after?: string | undefined } = {},
  ): Promise<Page<ListedDocument>> {
    return call(this.#access, { path: `${pathOf(collection)}/documents`, query });
  }

  collections(): Promise<Page<Collection>> {
    return call(this.#access, { path: '/v1/collections' });
  }

  /** Changes the embedding model of a collection. */
  reembed(collection: string, body: Readonly<Record<string, unknown>>): Promise<Job> {
    return call(this.#access, { method: 'POST', path: `${pathOf(collection)}/reembed`, body });
  }

  /** Goes back to the former embedding model. */
  rollback(collection: string): Promise<Job> {
    return call(this.#access, { method: 'POST', path: `${pathOf(collection)}/rollback` });
  }

  search(body: Readonly<Record<string, unknown>>): Promise<{ results: readonly FoundPassage[] }> {
    return call(this.#access, { method: 'POST', path: '/v1/search', body });
  }

  /** `cursor`: the `next_cursor` of the page before. */
  deadLetters(filter: DeadLetterFilter, limit: number, cursor?: string): Promise<Page<DeadLetter>> {
    const query = { ...filter, ...(cursor !== undefined && { after: cursor }), limit };
    return call(this.#access, { path: '/v1/dead-letters', query });
  }

  deadLetter(id: string): Promise<DeadLetter> {
    return call(this.#access, { path: `/v1/dead-letters/${encodeURIComponent(id)}` });
  }

  /** Replays or discards; it may take long when a rate is given, see `timeoutMs`. */
  actOnDeadLetters(
    deed: 'replay' | 'discard',
    action: DeadLetterAction,
    timeoutMs?: number,
  ): Promise<DeadLetterOutcome> {
    const path = `/v1/dead-letters/${deed}`;
    return call(this.#access, { method: 'POST', path, body: action, ...(timeoutMs !== undefined && { timeoutMs }) });
  }

  queues(): Promise<{ data: readonly Queue[] }> {
    return call(this.#access, { path: '/v1/queues' });
  }

  workers(): Promise<{ data: readonly Worker[] }> {
    return call(this.#access, { path: '/v1/workers' });
  }
}

const pathOf = (collection: string): string => `/v1/collections/${encodeURIComponent(collection)}`;
