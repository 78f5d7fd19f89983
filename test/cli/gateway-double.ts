import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Job, JobEvent } from '../../infra/cli/api-types.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

type Route = (call: Call, params: readonly string[]) => Reply | Promise<Reply>;
type Told = readonly [event: JobEvent['event'], data?: Record<string, unknown>];

export const KEY = 'the-key';

/** A gateway that answers as a test scripts it, over real HTTP and WebSocket, from API.md's words alone. */
export class GatewayDouble {
  readonly calls: Call[] = [];
  /** `after` of each subscription. */
  readonly subscriptions: { readonly job: string; readonly after: number }[] = [];
  /** Connections to come that are cut after so many events; those after them live. */
  readonly cuts: number[] = [];
  readonly #routes: (readonly [method: string, pattern: RegExp, route: Route])[] = [];
  readonly #jobs = new Map<string, { job: Job; events: JobEvent[] }>();
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'warren.v1' });
  readonly #followers = new Set<{ readonly job: string; readonly send: () => void }>();
  #born = 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('upgrade', (request, connection, head) => {
      if (request.headers.authorization !== `Bearer ${KEY}`) {
        connection.end(
          'HTTP/1.1 401 Unauthorized\r\ncontent-type: application/problem+json\r\n\r\n{"detail":"who are you?"}',
        );
        return;
      }
      this.#sockets.handleUpgrade(request, connection, head, (socket) => this.#converse(socket));
    });
    this.on('GET', /^\/v1\/jobs\/([^/]+)$/, (_, [id = '']) => this.#jobReply(id));
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  on(method: string, pattern: RegExp, route: Route): void {
    this.#routes.unshift([method, pattern, route]);
  }

  /** A job with these events; what it ends with decides its status. */
  job(told: readonly Told[], more: Partial<Job> = {}): Job {
    const id = `job_${String(++this.#born).padStart(4, '0')}`;
    const job = {
      id,
      type: 'ask',
      status: 'queued',
      priority: 'normal',
      progress: { done: 0, total: 0 },
      attempt: 1,
      max_attempts: 3,
      input: {},
      tags: [],
      metadata: {},
      created_at: new Date().toISOString(),
      last_seq: 0,
      ...more,
    } satisfies Job;
    this.#jobs.set(id, { job, events: [] });
    for (const [event, data] of told) this.tell(id, event, data);
    return job;
  }

  tell(id: string, event: JobEvent['event'], data: Record<string, unknown> = {}): void {
    const kept = this.#jobs.get(id);
    if (kept === undefined) throw new Error(`no ${id}`);
    kept.events.push({ job: id, seq: kept.events.length + 1, event, at: '2026-01-31T12:00:00.000Z', data });
    for (const follower of this.#followers) if (follower.job === id) follower.send();
  }

  #jobReply(id: string): Reply {
    const kept = this.#jobs.get(id);
    if (kept === undefined) return problem(404, 'job_not_found', `there is no job ${id}`);
    const last = kept.events.at(-1);
    const status = last?.event.startsWith('job.') ? last.event.slice(4) : 'running';
    const { result, error } = (last?.data ?? {}) as Pick<Job, 'result' | 'error'>;
    return {
      body: { ...kept.job, status, ...(result && { result }), ...(error && { error }), last_seq: last?.seq ?? 0 },
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://double');
    const text = Buffer.concat(chunks).toString();
    const call = {
      method: request.method ?? '',
      path,
      query,
      headers: request.headers,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
    this.calls.push(call);
    const { status = 200, headers = {}, body } = await this.#reply(request, call);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body === undefined ? '' : JSON.stringify(body));
  }

  #reply(request: IncomingMessage, call: Call): Reply | Promise<Reply> {
    if (request.headers.authorization !== `Bearer ${KEY}`) return problem(401, 'unauthenticated', 'who are you?');
    for (const [method, pattern, route] of this.#routes) {
      const found = method === call.method ? pattern.exec(call.path) : null;
      if (found !== null) return route(call, found.slice(1).map(decodeURIComponent));
    }
    return problem(404, 'not_found', `there is no ${call.path}`);
  }

  #converse(socket: WebSocket): void {
    const say = (frame: object) => socket.send(JSON.stringify(frame));
    let left = this.cuts.shift() ?? Number.POSITIVE_INFINITY;
    say({ type: 'hello', heartbeat_ms: 20_000, server_version: '0' });
    socket.on('message', (data) => {
      const {
        type,
        id,
        job,
        after = 0,
      } = JSON.parse(String(data)) as { type: string; id: string; job: string; after?: number };
      if (type !== 'subscribe') return;
      this.subscriptions.push({ job, after });
      const kept = this.#jobs.get(job);
      if (kept === undefined)
        return say({ type: 'error', id, problem: problem(404, 'job_not_found', `there is no job ${job}`).body });
      say({ type: 'subscribed', id, job, last_seq: kept.events.length });
      let sent = after;
      const send = () => {
        for (const event of kept.events.slice(sent)) {
          if (left-- <= 0) return socket.terminate();
          say({ type: 'event', ...event });
          sent++;
        }
      };
      const follower = { job, send };
      this.#followers.add(follower);
      socket.on('close', () => this.#followers.delete(follower));
      send();
    });
  }
}

export const problem = (status: number, code: string, detail: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: { type: `urn:warren:problem:${code}`, title: code, status, detail, code },
});
