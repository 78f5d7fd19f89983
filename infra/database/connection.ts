import type { Socket } from 'node:net';
import type { Engine, Seat } from './engine.ts';
import { Frames } from './frames.ts';
import { admit, type Door, meet, type Phase, type Step } from './login.ts';
import { fatal } from './protocol.ts';

/** A client that does not read its answers is cut off rather than kept in memory. */
const MAX_UNREAD_BYTES = 256 * 1024 * 1024;
/** From the first byte to the right password. */
const LOGIN_TIMEOUT_MS = 10_000;
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

/** One client: comes in by login.ts, and is served by the engine from then on. */
export class Connection implements Seat {
  readonly #socket: Socket;
  readonly #id: number;
  readonly #door: Door;
  readonly #engine: Engine;
  readonly #frames = new Frames();
  #phase: Phase = 'startup';

  constructor(socket: Socket, id: number, door: Door, engine: Engine) {
    this.#socket = socket;
    this.#id = id;
    this.#door = door;
    this.#engine = engine;
    const login = setTimeout(() => this.#late(), LOGIN_TIMEOUT_MS);
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#hear(bytes));
    socket.on('error', () => socket.destroy()); // 'close' follows
    socket.on('close', () => {
      clearTimeout(login);
      this.#phase = 'closed';
      engine.leave(this);
    });
  }

  write(bytes: Buffer): void {
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.#socket.destroy();
    else this.#socket.write(bytes);
  }

  hangUp(lastWord: Buffer): void {
    this.#go({ say: lastWord, phase: 'closed' });
  }

  #late(): void {
    if (this.#phase !== 'open') this.hangUp(fatal('08006', 'no login in time'));
  }

  #hear(bytes: Buffer): void {
    if (this.#phase === 'closed') return;
    try {
      this.#frames.add(bytes);
      while (this.#step());
    } catch (error) {
      this.hangUp(fatal('08P01', `cannot read this: ${error instanceof Error ? error.message : error}`));
    }
  }

  /** Handles one complete piece of what came; false when there is none. */
  #step(): boolean {
    switch (this.#phase) {
      case 'startup':
        return this.#with(this.#frames.startup(), (packet) => this.#go(meet(packet)));
      case 'password':
        return this.#with(this.#frames.message(), (message) => this.#go(admit(message, this.#id, this.#door)));
      case 'open':
        return this.#with(this.#frames.unit(), (unit) => this.#serve(unit));
      case 'closed':
        return false;
      default:
        return this.#phase satisfies never;
    }
  }

  #with(piece: Buffer | undefined, handle: (piece: Buffer) => void): boolean {
    if (piece !== undefined) handle(piece);
    return piece !== undefined;
  }

  #serve(unit: Buffer): void {
    if (unit.subarray(-TERMINATE.length).equals(TERMINATE)) this.#go({ phase: 'closed' });
    else this.#engine.submit(this, unit);
  }

  #go({ say, phase }: Step): void {
    this.#phase = phase;
    if (phase !== 'closed') this.#socket.write(say ?? '');
    else if (say === undefined) this.#socket.destroy();
    else this.#socket.end(say, () => this.#socket.destroy());
  }
}
