import { setTimeout as sleep } from 'node:timers/promises';
import { type StoredEvent, TERMINAL_EVENTS } from '../../../shared/messages/client-event.ts';
import type { Follower, Hub } from './hub.ts';
import { LiveEvent } from './live-event.ts';

/** Where the events of a subscription go: a WebSocket or an event stream. */
export interface Sink {
  send(event: LiveEvent): void;
  /** Enough waits for the reader already. */
  readonly full: boolean;
  /** Resolves when there is room again. Rejects when the reader is too slow, and then the sink is closing. */
  room(): Promise<void>;
  /** Everything stored so far has been sent, `last` being the newest of it (undefined: there was nothing new). */
  caughtUp?(last: StoredEvent | undefined): void;
}

type ReadEvents = (job: string, after: number, limit: number) => Promise<StoredEvent[]>;

export interface SubscriptionOptions {
  readonly job: string;
  /** Number of the last event the reader has seen. */
  readonly after: number;
  readonly hub: Hub;
  readonly read: ReadEvents;
  readonly sink: Sink;
  /** As a safety net the database is read after so long without an event. */
  readonly netMs: number;
  /** The event `after` was the job's end, so far. */
  readonly ended?: boolean;
  /** Show vectors as numbers, not as base64. */
  readonly numbers?: boolean;
}

const PAGE = 200;
/** Pushed events kept while the database is read; the rest is read from there as well. */
const MAX_HELD = 500;
const RETRY_MS = 500;
/** A job that ended can only be replayed, which is rare: its net is wider by this factor. */
const ENDED_NET_FACTOR = 20;

/**
 * Shows the events of one job from a number on: gapless, in order, none twice. The database is the truth; pushes only
 * make it quick. A pushed event is sent if it is the next one, dropped if it was sent before, and if one is missing
 * in between, the gap is read from the database. A slow reader gets nothing pushed, it is served from the database as
 * soon as there is room.
 */
export class Subscription implements Follower {
  readonly job: string;
  readonly #options: SubscriptionOptions;
  readonly #leave: () => void;
  readonly #closed = new AbortController();
  #next: number;
  /** While the database is read: pushed events to send afterwards. */
  #held: LiveEvent[] | undefined = [];
  #last: StoredEvent | undefined;
  #net: NodeJS.Timeout | undefined;

  /** Follows its job from here on, but sends nothing before `begin`. */
  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.job = options.job;
    this.#next = options.after + 1;
    this.#leave = options.hub.follow(options.job, this);
  }

  /** Starts to send; `fresh` when nothing can be stored yet, so that the database need not be asked. */
  begin({ fresh = false } = {}): void {
    if (fresh) this.#release();
    else void this.#catchUp();
    this.#armNet();
  }

  /** The reader has seen the job's end; a replay may follow it. */
  get ended(): boolean {
    return this.#last === undefined ? this.#options.ended === true : TERMINAL_EVENTS.has(this.#last.event);
  }

  pushed(event: LiveEvent): void {
    if (this.#held !== undefined) {
      if (this.#held.length < MAX_HELD) this.#held.push(event);
    } else if (event.event.seq >= this.#next) {
      if (event.event.seq > this.#next || event.isBare || this.#options.sink.full) void this.#catchUp();
      else this.#sendLive(event);
    } else if (this.#last === undefined && TERMINAL_EVENTS.has(event.event.event)) {
      this.#endBefore(event.event);
    }
  }

  /** The job ended before it had any event that the reader waits for, so there will be none. */
  #endBefore(end: StoredEvent): void {
    this.#last = end;
    this.#options.sink.caughtUp?.(end);
  }

  resync(): void {
    if (this.#held === undefined) void this.#catchUp();
  }

  close(): void {
    this.#closed.abort();
    clearTimeout(this.#net);
    this.#leave();
  }

  #sendLive(event: LiveEvent): void {
    this.#send(event);
    this.#options.sink.caughtUp?.(this.#last);
  }

  #send(event: LiveEvent): void {
    if (this.#closed.signal.aborted) return;
    this.#next = event.event.seq + 1;
    this.#last = event.event;
    this.#options.sink.send(this.#options.numbers ? event.withNumbers : event);
    if (this.#net !== undefined) this.#armNet();
  }

  /** Reads and sends until nothing is missing. Never runs twice at once: `#held` is set meanwhile. */
  async #catchUp(): Promise<void> {
    this.#held = [];
    try {
      while (await this.#sendPage());
    } catch {
      this.close(); // the sink has no room for us any more and says so itself
      return;
    }
    this.#release();
  }

  async #sendPage(): Promise<boolean> {
    if (this.#options.sink.full) await this.#options.sink.room();
    const page = await this.#read();
    for (const event of page) if (event.seq >= this.#next) this.#send(new LiveEvent(event));
    return page.length === PAGE && !this.#closed.signal.aborted;
  }

  async #read(): Promise<StoredEvent[]> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        return await this.#options.read(this.job, this.#next - 1, PAGE);
      } catch {
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    return [];
  }

  /** Sends what was pushed meanwhile; a gap in it starts another reading. */
  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.pushed(event);
    if (this.#held === undefined && !this.#closed.signal.aborted) this.#options.sink.caughtUp?.(this.#last);
  }

  #armNet(): void {
    if (this.#closed.signal.aborted) return;
    clearTimeout(this.#net);
    this.#net = setTimeout(
      () => {
        this.resync();
        this.#armNet();
      },
      this.ended ? this.#options.netMs * ENDED_NET_FACTOR : this.#options.netMs,
    );
  }
}
