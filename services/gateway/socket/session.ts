import type { RawData, WebSocket } from 'ws';
import { isTerminal } from '../../../shared/messages/job.ts';
import { eventsAfter } from '../../../shared/store/events.ts';
import { accept } from '../accept/accept.ts';
import { draftOf } from '../accept/draft.ts';
import { cancel } from '../cancel.ts';
import type { Principal } from '../context.ts';
import { findOwned } from '../find-job.ts';
import type { Gateway } from '../gateway.ts';
import { jobView } from '../job-view.ts';
import { Subscription, type SubscriptionOptions } from '../live/subscription.ts';
import { problemOf } from '../middleware/problems.ts';
import type { Problem } from '../problem.ts';
import { wantsNumbers } from '../vectors.ts';
import { VERSION } from '../version.ts';
import { CLOSE } from './close-codes.ts';
import type { ClientFrame, ServerFrame } from './frames.ts';
import { Outlet } from './outlet.ts';
import { parseFrame } from './parse-frame.ts';
import { Subscriptions } from './subscriptions.ts';

type Wanted = Pick<SubscriptionOptions, 'job' | 'after' | 'ended' | 'numbers'>;
type Frame<Type extends ClientFrame['type']> = Extract<ClientFrame, { type: Type }>;

/** One client's conversation over one socket. */
export class Session {
  readonly #gateway: Gateway;
  readonly #socket: WebSocket;
  readonly #principal: Principal;
  readonly #requestId: string;
  readonly #outlet: Outlet;
  readonly #subscriptions = new Subscriptions();
  readonly #gone = new AbortController();
  #answering = 0;
  /** Heartbeats since the client was last heard. */
  #silence = 0;

  constructor(gateway: Gateway, socket: WebSocket, principal: Principal, requestId: string) {
    this.#gateway = gateway;
    this.#socket = socket;
    this.#principal = principal;
    this.#requestId = requestId;
    this.#outlet = new Outlet(socket, gateway.limits);
    socket.on('message', (data, binary) => this.#heard(data, binary));
    socket.on('pong', () => {
      this.#silence = 0;
    });
    // A broken frame or connection: `ws` closes the socket with the right code by itself.
    socket.on('error', (error) => gateway.log.debug({ err: error, request_id: requestId }, 'a socket broke'));
    socket.on('close', () => this.#end());
    this.#outlet.tell({ type: 'hello', heartbeat_ms: gateway.limits.heartbeatMs, server_version: VERSION });
  }

  get owner(): string {
    return this.#principal.owner;
  }

  /** Called once per heartbeat. A client that was silent for two of them is gone. */
  beat(): void {
    if (!this.#outlet.open) return;
    if (this.#silence >= 2) {
      this.#outlet.close(CLOSE.heartbeat, 'no answer to heartbeats');
    } else {
      this.#silence += 1;
      this.#socket.ping();
    }
  }

  /** Tells the client to come again elsewhere, and closes. */
  goAway(reconnectInMs: number): void {
    this.#outlet.tell({ type: 'going_away', reconnect_in_ms: reconnectInMs });
    this.#outlet.close(CLOSE.goingAway, 'this gateway is shutting down');
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #end(): void {
    this.#gone.abort();
    this.#subscriptions.clear();
  }

  #heard(data: RawData, binary: boolean): void {
    this.#silence = 0;
    if (!this.#outlet.open) return;
    if (binary) this.#outlet.close(CLOSE.badFrame, 'frames are text');
    else this.#read(String(data));
  }

  #read(text: string): void {
    const parsed = parseFrame(text);
    switch (parsed.kind) {
      case 'bad':
        this.#outlet.close(CLOSE.badFrame, parsed.why);
        return;
      case 'refused':
        this.#refuse(parsed.id, parsed.problem);
        return;
      case 'frame':
        void this.#answer(parsed.frame);
    }
  }

  /** Answers one frame. While too many are being answered, or too many answers wait to be read, nothing is read. */
  async #answer(frame: ClientFrame): Promise<void> {
    this.#answering += 1;
    if (this.#answering >= this.#gateway.limits.framesInFlight) this.#socket.pause();
    try {
      await this.#carryOut(frame);
      if (this.#outlet.full) await this.#outlet.room();
    } catch (error) {
      if ('id' in frame) this.#refuse(frame.id, problemOf(error), error);
    } finally {
      this.#answering -= 1;
      if (this.#socket.isPaused && this.#outlet.open) this.#socket.resume();
    }
  }

  async #carryOut(frame: ClientFrame): Promise<void> {
    switch (frame.type) {
      case 'submit':
        return await this.#subscriptions.under(frame.id, undefined, () => this.#submit(frame));
      case 'subscribe':
        return await this.#subscriptions.under(frame.id, frame.job, () => this.#subscribe(frame));
      case 'unsubscribe':
        return this.#subscriptions.remove(frame.id);
      case 'cancel':
        return await this.#cancel(frame);
      case 'ping':
        return this.#outlet.tell({ type: 'pong' });
      default:
        frame satisfies never;
    }
  }

  async #submit({ id, job: submission }: Frame<'submit'>): Promise<void> {
    if (this.#tooMany()) return;
    const draft = draftOf(this.owner, submission);
    let subscription: Subscription | undefined;
    const follow = (job: string) => {
      subscription = this.#open({ job, after: 0, numbers: wantsNumbers(submission) });
    };
    try {
      const { job } = await accept(this.#gateway, draft, { follow });
      this.#outlet.tell({ type: 'accepted', id, job: jobView(job) });
    } catch (error) {
      subscription?.close();
      throw error;
    }
    this.#begin(id, subscription, { fresh: true });
  }

  async #subscribe({ id, job: wanted, after = 0 }: Frame<'subscribe'>): Promise<void> {
    if (this.#tooMany()) return;
    const job = await findOwned(this.#gateway, this.owner, wanted, this.#gone.signal);
    this.#outlet.tell({ type: 'subscribed', id, job: job.id, last_seq: job.last_seq });
    const ended = isTerminal(job.status) && after >= job.last_seq;
    this.#begin(id, this.#open({ job: job.id, after, ended, numbers: wantsNumbers(job) }));
  }

  async #cancel({ id, job: wanted, reason }: Frame<'cancel'>): Promise<void> {
    const job = await cancel(this.#gateway, this.owner, wanted, { reason, gone: this.#gone.signal });
    this.#outlet.tell({ type: 'accepted', id, job: jobView(job) });
  }

  #open(wanted: Wanted): Subscription {
    const { hub, reads, limits } = this.#gateway;
    const read = (id: string, from: number, limit: number) => eventsAfter(reads, id, from, limit);
    return new Subscription({ ...wanted, hub, read, sink: this.#outlet, netMs: limits.netMs });
  }

  #begin(id: string, subscription: Subscription | undefined, how: { fresh?: boolean } = {}): void {
    if (subscription === undefined) return;
    if (this.#gone.signal.aborted) {
      subscription.close();
    } else {
      this.#subscriptions.add(id, subscription);
      subscription.begin(how);
    }
  }

  #tooMany(): boolean {
    if (this.#subscriptions.open < this.#gateway.limits.subscriptionsPerSocket) return false;
    this.#outlet.close(CLOSE.tooMany, 'too many jobs followed on one socket');
    return true;
  }

  #refuse(id: string, problem: Problem, cause?: unknown): void {
    if (problem.code === 'internal') {
      this.#gateway.log.error({ err: cause, request_id: this.#requestId }, 'a frame failed');
    }
    const frame = { type: 'error', id, problem: problem.toJson(this.#requestId) };
    this.#outlet.tell(frame as ServerFrame);
  }
}
