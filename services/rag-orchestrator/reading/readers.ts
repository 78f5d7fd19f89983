import type { Logger } from 'pino';
import { Turns } from '../../../shared/turns.ts';
import { grouped } from '../split/bounds.ts';
import { DocumentError } from '../split/document-error.ts';
import type { PassageDraft } from '../split/split.ts';
import type { ReadingLimits } from './limits.ts';
import type { Reading, ReadRequest } from './protocol.ts';
import { ReaderProcess } from './reader-process.ts';

/** Two, so that a document which takes long does not hold up all others. */
const READERS = 2;
/** A reader that has had nothing to do for so long is ended. */
const IDLE_MS = 60_000;
/** A reader that still holds this share of its memory after a document is replaced: the next one needs room too. */
const MAX_RESIDENT_SHARE = 0.5;

export interface ReadDocument {
  readonly text: string;
  /** Empty when the document has none. */
  readonly title: string;
  readonly passages: readonly PassageDraft[];
}

interface Idle {
  readonly reader: ReaderProcess;
  readonly timer: NodeJS.Timeout;
}

/** Reads documents in processes of their own, a few at a time; those that come meanwhile wait their turn. */
export class Readers {
  readonly #limits: ReadingLimits;
  readonly #log: Logger;
  readonly #busy = new Set<ReaderProcess>();
  readonly #turns = new Turns(READERS);
  #idle: Idle[] = [];
  #closed = false;

  constructor(limits: ReadingLimits, log: Logger) {
    this.#limits = limits;
    this.#log = log;
  }

  /**
   * @throws {DocumentError} when the document cannot be read, or not within the limits
   * @throws the signal's reason; another error when trying again may help
   */
  async read(request: ReadRequest, signal: AbortSignal): Promise<ReadDocument> {
    this.#refuseLarge(request.content.length);
    return this.#opened(
      await this.#turns.take(async () => this.#readWith(await this.#reader(), request, signal), signal),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reader, timer } of this.#idle) {
      clearTimeout(timer);
      reader.end();
    }
    for (const reader of this.#busy) reader.end();
  }

  #refuseLarge(bytes: number): void {
    const most = this.#limits.bytes;
    if (bytes <= most) return;
    throw new DocumentError(
      `the document has ${grouped(bytes)} bytes; at most ${grouped(most)} are read: split it into parts`,
    );
  }

  async #reader(): Promise<ReaderProcess> {
    if (this.#closed) throw new Error('no more documents are read: the service stops');
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      clearTimeout(idle.timer);
      if (idle.reader.isAlive) return idle.reader;
    }
    return await ReaderProcess.start(this.#limits);
  }

  async #readWith(reader: ReaderProcess, request: ReadRequest, signal: AbortSignal): Promise<Reading> {
    this.#busy.add(reader);
    try {
      const { residentMib, ...reading } = await reader.read(request, signal);
      if (residentMib > this.#limits.memoryMib * MAX_RESIDENT_SHARE) reader.end();
      return reading;
    } finally {
      this.#busy.delete(reader);
      if (reader.isAlive && !this.#closed) this.#rest(reader);
      else reader.end();
    }
  }

  #rest(reader: ReaderProcess): void {
    const timer = setTimeout(() => {
      this.#idle = this.#idle.filter((each) => each.reader !== reader);
      reader.end();
    }, IDLE_MS);
    this.#idle.push({ reader, timer: timer.unref() });
  }

  #opened(reading: Reading): ReadDocument {
    switch (reading.kind) {
      case 'read': {
        const { text, title, places } = reading;
        return {
          text,
          title,
          passages: places.map((place) => ({ ...place, text: text.slice(place.start, place.end) })),
        };
      }
      case 'refused':
        throw new DocumentError(reading.message);
      case 'broken':
        this.#log.error({ why: reading.message }, 'a document could not be read, and the reader is to blame');
        throw new DocumentError('the document could not be read: our reader fails on it');
      default:
        return reading satisfies never;
    }
  }
}
