import { setImmediate as immediate } from 'node:timers/promises';
import type { PGlite } from '@electric-sql/pglite';
import { fatal, statement, sync } from './protocol.ts';

/** Statements run on the event loop; after this long the sockets get their turn. */
const SLICE_MS = 10;
const END_OF_TRANSACTION = Buffer.concat([sync(), statement('rollback')]);

/** A client that wants more than this at once is cut off rather than kept in memory. */
const MAX_QUEUED_BYTES = 256 * 1024 * 1024;

/** One client of the engine. */
export interface Seat {
  /** Gets what the engine answers. */
  write(bytes: Buffer): void;
  /** Says a last word and hangs up. */
  hangUp(lastWord: Buffer): void;
}

interface Wishes {
  /** In order. */
  readonly units: Buffer[];
  bytes: number;
}

export interface EngineOptions {
  /** The engine threw: its state is lost and the process should end. */
  readonly onCrash: (error: unknown) => void;
  /** A client that holds a transaction open without a word holds up all others: after this long it is cut off. */
  readonly idleInTransactionMs: number;
}

/**
 * Shares out PGlite, which has a single session, among many clients. Units (see frames.ts) run one after the other,
 * clients in the order in which they asked; a client whose unit left a transaction open keeps the engine until that has
 * ended.
 */
export class Engine {
  readonly #pglite: PGlite;
  readonly #options: EngineOptions;
  /** What each client wants to run. Who is not in here is gone. */
  readonly #wishes = new Map<Seat, Wishes>();
  /** Clients that want something, in the order in which they asked; the owner is not among them. */
  readonly #waiting: Seat[] = [];
  #owner: Seat | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #busy = false;
  #idle = Promise.resolve();
  #closed = false;

  constructor(pglite: PGlite, options: EngineOptions) {
    this.#pglite = pglite;
    this.#options = options;
  }

  /** Queues a unit of a client. */
  submit(seat: Seat, unit: Buffer): void {
    const wishes = this.#wishes.get(seat) ?? { units: [], bytes: 0 };
    this.#wishes.set(seat, wishes);
    wishes.units.push(unit);
    wishes.bytes += unit.length;
    if (wishes.bytes > MAX_QUEUED_BYTES) seat.hangUp(fatal('53400', 'too many statements at once'));
    if (seat !== this.#owner && !this.#waiting.includes(seat)) this.#waiting.push(seat);
    this.#wake();
  }

  /** Forgets a client that hung up; its open transaction is rolled back. */
  leave(seat: Seat): void {
    if (!this.#wishes.delete(seat)) return;
    const place = this.#waiting.indexOf(seat);
    if (place !== -1) this.#waiting.splice(place, 1);
    if (this.#owner === seat) this.#wake();
  }

  /** Lets the unit under way end and runs no other. What is not committed then never will be. */
  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    return this.#idle;
  }

  #wake(): void {
    if (this.#busy || this.#closed) return;
    this.#busy = true;
    this.#idle = this.#run();
  }

  async #run(): Promise<void> {
    clearTimeout(this.#idleTimer);
    try {
      for (let seat = this.#next(), since = performance.now(); seat !== undefined; seat = this.#next()) {
        await this.#turn(seat);
        if (performance.now() - since < SLICE_MS) continue;
        await immediate();
        since = performance.now();
      }
    } catch (error) {
      this.#options.onCrash(error);
    } finally {
      this.#busy = false;
      if (this.#owner !== undefined && !this.#closed) this.#watch(this.#owner);
    }
  }

  /** The client whose unit runs next: the owner, if it has one; else who has waited longest. */
  #next(): Seat | undefined {
    if (this.#closed) return undefined;
    if (this.#owner === undefined) return this.#waiting.shift();
    const wishes = this.#wishes.get(this.#owner);
    const gone = wishes === undefined; // then its transaction must be ended
    return gone || wishes.units.length > 0 ? this.#owner : undefined;
  }

  async #turn(seat: Seat): Promise<void> {
    this.#owner = seat;
    const wishes = this.#wishes.get(seat);
    const unit = wishes?.units.shift() ?? END_OF_TRANSACTION;
    if (wishes !== undefined) wishes.bytes -= unit.length;
    await this.#pglite.execProtocolRawStream(unit, {
      // The bytes are a view of the engine's memory, which it uses again.
      onRawData: (bytes) => (this.#wishes.has(seat) ? seat.write(Buffer.from(bytes)) : undefined),
    });
    if (endsWithFlush(unit) || this.#pglite.isInTransaction()) return;
    this.#owner = undefined;
    if (this.#wishes.get(seat)?.units.length) this.#waiting.push(seat);
  }

  #watch(seat: Seat): void {
    const ms = this.#options.idleInTransactionMs;
    this.#idleTimer = setTimeout(() => {
      seat.hangUp(fatal('25P03', `transaction idle for ${ms} ms`));
      this.leave(seat);
    }, ms);
  }
}

const FLUSH = Buffer.from([0x48, 0, 0, 0, 4]);
/** Only a Flush (an empty message) ends a unit without the engine being ready for another client. */
const endsWithFlush = (unit: Buffer): boolean => unit.subarray(-FLUSH.length).equals(FLUSH);
