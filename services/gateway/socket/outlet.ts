import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { LiveEvent } from '../live/live-event.ts';
import type { Sink } from '../live/subscription.ts';
import { CLOSE } from './close-codes.ts';
import type { ServerFrame } from './frames.ts';

const LOOK_MS = 20;
/** A close frame's reason may have 123 bytes. */
const MAX_REASON_BYTES = 123;

interface Bounds {
  readonly sendBufferBytes: number;
  readonly stallMs: number;
}

/**
 * The way out of a socket. What waits for the reader is bounded: once that much waits, subscriptions hold back, and a
 * reader that does not take half of it in time is closed with 4413. It lost nothing: it comes again with its last seq.
 */
export class Outlet implements Sink {
  readonly #socket: WebSocket;
  readonly #bounds: Bounds;
  #relief: Promise<void> | undefined;

  constructor(socket: WebSocket, bounds: Bounds) {
    this.#socket = socket;
    this.#bounds = bounds;
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  get full(): boolean {
    return this.#socket.bufferedAmount > this.#bounds.sendBufferBytes;
  }

  send(event: LiveEvent): void {
    this.#write(event.frame);
  }

  tell(frame: ServerFrame): void {
    this.#write(JSON.stringify(frame));
  }

  close(code: number, reason: string): void {
    const bytes = Buffer.from(reason);
    this.#socket.close(
      code,
      bytes.length <= MAX_REASON_BYTES ? bytes : bytes.subarray(0, MAX_REASON_BYTES).toString('latin1'),
    );
  }

  /** Everybody who waits for room waits for the same. */
  room(): Promise<void> {
    this.#relief ??= this.#relieve().finally(() => {
      this.#relief = undefined;
    });
    return this.#relief;
  }

  #write(text: string): void {
    if (!this.open) return;
    this.#socket.send(text);
    if (this.full) this.room().catch(() => undefined); // also closes when nobody else asks for room
  }

  async #relieve(): Promise<void> {
    const end = Date.now() + this.#bounds.stallMs;
    while (this.open && this.#socket.bufferedAmount > this.#bounds.sendBufferBytes / 2) {
      if (Date.now() > end) {
        this.close(CLOSE.slowReader, 'too slow a reader, resume by seq');
        break;
      }
      await sleep(LOOK_MS);
    }
    if (!this.open) throw new Error('the socket is closed');
  }
}
