import { setImmediate as immediate } from 'node:timers/promises';
import type { PGlite } from '@electric-sql/pglite';
import { fatal, statement, sync } from './protocol.ts';

/** Statements run on the event loop; after this long the sockets get their turn. */
const SLICE_MS = 10;
const END_OF_TRANSACTION = Buffer.concat([sync(), statement('rollback')]);

/** One client of the engine. */
export interface Seat {
  /** Gets what the engine answers. */
  write(bytes: Buffer): void;
  /** Says a last word and hangs up. */
  hangUp(lastWord: Buffer): void;
}

export interface Engine {
  /** Queues a unit (see frames.ts) of a client. */
  submit(seat: Seat, unit: Buffer): void;
  /** Forgets a client that hung up; its open transaction is rolled back. */
  leave(seat: Seat): void;
  /** Lets the unit under way end and runs no other. What is not committed then never will be. */
  close(): Promise<void>;
}

export interface EngineOptions {
  /** The engine threw: its state is lost and the process should end. */
  readonly onCrash: (error: unknown) => void;
  /** A client that holds a transaction open without a word holds up all others: after this long it is cut off. */
  readonly idleInTransactionMs: number;
}

/**
 * Shares out PGlite, which has a single session, among many clients. Units run one after the other, clients in the
 * order in which they asked; a client whose unit left a transaction open keeps the engine until that has ended.
 */
export function createEngine(pglite: PGlite, { onCrash, idleInTransactionMs }: EngineOptions): Engine {
  const units = new Map<Seat, Buffer[]>();
  const waiting: Seat[] = [];
  let owner: Seat | undefined;
  let busy = false;
  let idle = Promise.resolve();
  let closed = false;
  let idleTimer: NodeJS.Timeout | undefined;

  function wake(): void {
    if (busy || closed) return;
    busy = true;
    idle = run();
  }

  async function run(): Promise<void> {
    clearTimeout(idleTimer);
    try {
      for (let seat = next(), since = performance.now(); seat !== undefined; seat = next()) {
        await turn(seat);
        if (performance.now() - since < SLICE_MS) continue;
        await immediate();
        since = performance.now();
      }
    } catch (error) {
      onCrash(error);
    } finally {
      busy = false;
      if (owner !== undefined && !closed) watch(owner);
    }
  }

  /** The seat whose unit runs next: the owner's, if it has one; else of him who has waited longest. */
  function next(): Seat | undefined {
    if (closed) return undefined;
    if (owner === undefined) return waiting.shift();
    if (!units.has(owner)) return owner; // it left: its transaction must be ended
    return units.get(owner)?.length ? owner : undefined;
  }

  async function turn(seat: Seat): Promise<void> {
    owner = seat;
    const unit = units.get(seat)?.shift() ?? END_OF_TRANSACTION;
    const flushed = unit !== END_OF_TRANSACTION && endsWithFlush(unit);
    await pglite.execProtocolRawStream(unit, {
      // The bytes are a view of the engine's memory, which it uses again.
      onRawData: (bytes) => (units.has(seat) ? seat.write(Buffer.from(bytes)) : undefined),
    });
    if (!flushed && !pglite.isInTransaction()) owner = undefined;
    if (owner === undefined && units.get(seat)?.length) waiting.push(seat);
  }

  function watch(seat: Seat): void {
    idleTimer = setTimeout(() => {
      seat.hangUp(fatal('25P03', `transaction idle for ${idleInTransactionMs} ms`));
      leave(seat);
    }, idleInTransactionMs);
  }

  function leave(seat: Seat): void {
    if (!units.delete(seat)) return;
    const place = waiting.indexOf(seat);
    if (place !== -1) waiting.splice(place, 1);
    if (owner === seat) wake();
  }

  return {
    submit(seat, unit) {
      const queue = units.get(seat);
      if (queue === undefined) units.set(seat, [unit]);
      else queue.push(unit);
      if (seat !== owner && !waiting.includes(seat)) waiting.push(seat);
      wake();
    },
    leave,
    close() {
      closed = true;
      clearTimeout(idleTimer);
      return idle;
    },
  };
}

const FLUSH = Buffer.from([0x48, 0, 0, 0, 4]);
/** Only a Flush (an empty message) ends a unit without the engine being ready for another client. */
const endsWithFlush = (unit: Buffer): boolean => unit.subarray(-FLUSH.length).equals(FLUSH);
