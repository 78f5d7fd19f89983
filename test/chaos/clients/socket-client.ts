import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { patience } from '../../../shared/patience.ts';
import type { Outcome, Stream } from '../history.ts';
import { seen } from '../recorder.ts';
import { CLIENT_KEY } from '../system/keys.ts';
import { bodyOf, type Wish } from '../workload.ts';
import { type ClientOptions, MOST_OPEN, Turns } from './client.ts';
import { type JobReply, request } from './gateway.ts';
import { refusal } from './refusal.ts';
import { TERMINAL_EVENTS } from './terminal-events.ts';

const ANSWER_TIMEOUT_MS = 15_000;
const OPEN_TIMEOUT_MS = 10_000;
const AGAIN_MS = 250;

interface Frame {
  readonly type: string;
  readonly id?: string;
  /** A job in an answer, its id in an event. */
  readonly job?: { readonly id: string } | string;
  readonly last_seq?: number;
  readonly problem?: { readonly code?: string };
  readonly seq?: number;
  readonly event?: string;
  readonly at?: string;
  readonly data?: unknown;
}

/** A job that the client follows until its end. */
interface Followed {
  readonly job: string;
  after: number;
}

/** Asks for jobs over a WebSocket, and follows all of them over one connection after the other. */
export async function runSocketClient(options: ClientOptions): Promise<void> {
  const client = new SocketClient(options);
  const connected = client.stayConnected();
  while (!options.enough.aborted) {
    if (client.connected && client.open < MOST_OPEN) void client.pursue(options.workload.next());
    await sleep(options.workload.pauseMs());
  }
  await connected;
}

class SocketClient {
  readonly #options: ClientOptions;
  readonly #turns: Turns;
  readonly #followed = new Map<string, Followed>();
  /** Answers awaited, by the id of the frame that asked. */
  readonly #asked = new Map<string, (frame: Frame | undefined) => void>();
  /** What this connection shows, by job. */
  #streams = new Map<string, Stream>();
  #socket: WebSocket | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#turns = new Turns(options.gateways, Number(options.name.split('-').at(-1)));
  }

  get connected(): boolean {
    return this.#socket !== undefined;
  }

  /** Wishes and jobs under way. */
  get open(): number {
    return this.#followed.size + this.#asked.size;
  }

  /** Holds a connection until all jobs have ended, each for as long as the client has patience. */
  async stayConnected(): Promise<void> {
    const { enough, over, workload } = this.#options;
    while (!over.aborted && !(enough.aborted && this.open === 0)) {
      const { signal, end } = patience(workload.patienceMs(), over);
      await this.#connection(signal);
      end();
      await sleep(AGAIN_MS);
    }
  }

  /** Sends a wish once. A connection that is lost before the answer leaves it open whether there is a job. */
  async pursue(wish: Wish): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    const { name, recorder } = this.#options;
    recorder.wished(wish);
    const sentAt = Date.now();
    const answer = await this.#ask(socket, { type: 'submit', id: wish.op, job: bodyOf(wish) }, (job) => {
      this.#followed.set(job, { job, after: 0 });
      this.#streams.set(job, recorder.stream(name, job, 0));
    });
    const outcome = outcomeOf(answer);
    recorder.attempted({ op: wish.op, client: name, via: 'socket', sentAt, answeredAt: Date.now(), outcome });
    if (outcome.is !== 'accepted' || wish.cancelAfterMs === undefined) return;
    await sleep(wish.cancelAfterMs);
    this.#send(this.#socket, { type: 'cancel', id: `cancel ${wish.op}`, job: outcome.job });
  }

  #send(socket: WebSocket | undefined, frame: unknown): void {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  }

  /** Resolves to the answer; undefined when the connection ended or too long passed before. */
  #ask(
    socket: WebSocket,
    frame: { readonly id: string; readonly [field: string]: unknown },
    accepted: (job: string) => void,
  ): Promise<Frame | undefined> {
    return new Promise((resolve) => {
      const settle = (answer: Frame | undefined) => {
        clearTimeout(timer);
        this.#asked.delete(frame.id);
        // At once, not in a promise: the job's first events may be in the same chunk.
        if (answer?.type === 'accepted' && typeof answer.job === 'object') accepted(answer.job.id);
        resolve(answer);
      };
      const timer = setTimeout(() => settle(undefined), ANSWER_TIMEOUT_MS);
      this.#asked.set(frame.id, settle);
      this.#send(socket, frame);
    });
  }

  /** One connection, from its opening to its end. */
  async #connection(end: AbortSignal): Promise<void> {
    const socket = new WebSocket(`${this.#turns.next().replace('http', 'ws')}/v1/ws`, 'warren.v1', {
      headers: { authorization: `Bearer ${CLIENT_KEY}` },
      handshakeTimeout: OPEN_TIMEOUT_MS,
    });
    socket.on('error', () => undefined); // its close tells all there is to tell
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const hangUp = () => socket.terminate();
    end.addEventListener('abort', hangUp, { once: true });
    socket.once('open', () => this.#opened(socket));
    socket.on('message', (text) => this.#heard(socket, JSON.parse(String(text)) as Frame));
    await closed;
    end.removeEventListener('abort', hangUp);
    if (this.#socket === socket) this.#socket = undefined;
    for (const settle of this.#asked.values()) settle(undefined);
  }

  #opened(socket: WebSocket): void {
    this.#streams = new Map();
    this.#socket = socket;
    for (const { job, after } of this.#followed.values()) {
      this.#streams.set(job, this.#options.recorder.stream(this.#options.name, job, after));
      this.#send(socket, { type: 'subscribe', id: job, job, after });
    }
  }

  #heard(socket: WebSocket, frame: Frame): void {
    if (socket !== this.#socket) return;
    if (frame.type === 'event') this.#shown(frame);
    if (frame.type === 'subscribed' && typeof frame.job === 'string') {
      const stream = this.#streams.get(frame.job);
      if (stream !== undefined && frame.last_seq !== undefined) stream.lastSeq = frame.last_seq;
    }
    if (frame.id === undefined) return;
    const settle = this.#asked.get(frame.id);
    if (settle !== undefined) settle(frame);
    // A subscription that was refused, say for want of a database, is asked for again on another connection.
    else if (frame.type === 'error' && this.#followed.has(frame.id)) socket.terminate();
  }

  /** What was shown must be there for everybody, by whatever gateway. */
  async #reread(job: string, seq: number): Promise<void> {
    const { name, recorder } = this.#options;
    const reply = await request<JobReply>(this.#turns.next(), 'GET', `/v1/jobs/${job}`).catch(() => undefined);
    if (reply?.status === 200) recorder.rereads.push({ client: name, job, seq, lastSeq: reply.body.last_seq });
  }

  #shown({ job, seq = 0, event = '', at, data }: Frame): void {
    if (typeof job !== 'string') return;
    this.#streams.get(job)?.seen.push(seen({ seq, event, at, data }));
    if (!this.#options.workload.believes()) void this.#reread(job, seq);
    const followed = this.#followed.get(job);
    if (followed === undefined) return;
    followed.after = seq;
    if (TERMINAL_EVENTS.has(event)) this.#followed.delete(job);
  }
}

function outcomeOf(answer: Frame | undefined): Outcome {
  if (answer === undefined) return { is: 'unknown', why: 'no answer' };
  if (answer.type === 'accepted' && typeof answer.job === 'object') return { is: 'accepted', job: answer.job.id };
  return refusal(answer.problem?.code ?? answer.type);
}
