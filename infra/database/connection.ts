import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Engine, Seat } from './engine.ts';
import { frames } from './frames.ts';
import { askPassword, fatal, NO_ENCRYPTION, passwordOf, STARTUP, welcome } from './protocol.ts';

/** A client that does not read its answers is cut off rather than kept in memory. */
const MAX_UNREAD_BYTES = 256 * 1024 * 1024;
/** From the first byte to the right password. */
const LOGIN_TIMEOUT_MS = 10_000;
/** Type of a password message ('p'). */
const PASSWORD = 0x70;
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

export interface Door {
  readonly engine: Engine;
  readonly password: string;
  /** Settings told to clients at login. */
  readonly settings: Readonly<Record<string, string>>;
}

type Phase = 'startup' | 'password' | 'open' | 'closed';

/** Serves one client: login here, everything else by the engine. */
export function serve(socket: Socket, id: number, { engine, password, settings }: Door): void {
  const incoming = frames();
  let phase: Phase = 'startup';
  const login = setTimeout(() => hangUp(fatal('08006', 'no login in time')), LOGIN_TIMEOUT_MS);

  const seat: Seat = {
    write(bytes) {
      if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy();
      else socket.write(bytes);
    },
    hangUp: (lastWord) => hangUp(lastWord),
  };
  const hangUp = (lastWord?: Buffer): void => {
    phase = 'closed';
    if (lastWord === undefined) socket.destroy();
    else socket.end(lastWord, () => socket.destroy());
  };

  const startup = (packet: Buffer): void => {
    const code = packet.length < 8 ? 0 : packet.readInt32BE(4);
    if (code === STARTUP.ssl || code === STARTUP.gss) socket.write(NO_ENCRYPTION);
    else if (code === STARTUP.cancel)
      hangUp(); // there is no second process that could interrupt the first
    else if (code !== STARTUP.version3) hangUp(fatal('0A000', 'only version 3.0 of the protocol is spoken here'));
    else {
      phase = 'password';
      socket.write(askPassword());
    }
  };
  const checkPassword = (message: Buffer): void => {
    clearTimeout(login);
    if (message[0] !== PASSWORD || !same(passwordOf(message), password)) {
      hangUp(fatal('28P01', 'wrong password'));
      return;
    }
    phase = 'open';
    socket.write(welcome(id, settings));
  };
  const unit = (messages: Buffer): void => {
    if (messages.subarray(-TERMINATE.length).equals(TERMINATE)) hangUp();
    else engine.submit(seat, messages);
  };

  /** Handles one complete piece; false when there is none. */
  const step = (): boolean => {
    if (phase === 'closed') return false;
    const piece =
      phase === 'startup' ? incoming.startup() : phase === 'password' ? incoming.message() : incoming.unit();
    if (piece === undefined) return false;
    if (phase === 'startup') startup(piece);
    else if (phase === 'password') checkPassword(piece);
    else unit(piece);
    return true;
  };

  socket.setNoDelay(true);
  socket.on('data', (bytes) => {
    try {
      incoming.add(bytes);
      while (step());
    } catch (error) {
      hangUp(fatal('08P01', `cannot read this: ${error instanceof Error ? error.message : error}`));
    }
  });
  socket.on('error', () => socket.destroy()); // 'close' follows
  socket.on('close', () => {
    clearTimeout(login);
    phase = 'closed';
    engine.leave(seat);
  });
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
