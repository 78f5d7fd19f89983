import { timingSafeEqual } from 'node:crypto';
import { askPassword, fatal, NO_ENCRYPTION, passwordOf, STARTUP, welcome } from './protocol.ts';

const CODE_AT = 4;
const CODE_BYTES = 4;
/** Type of a password message ('p'). */
const PASSWORD = 0x70;

/** How far a connection is. */
export type Phase = 'startup' | 'password' | 'open' | 'closed';

/** What is said to a client that wants to come in, and how far it is then. */
export interface Step {
  readonly say?: Buffer;
  readonly phase: Phase;
}

/** Answers the first packet of a connection, or another first packet after encryption was declined. */
export function meet(packet: Buffer): Step {
  const code = packet.length < CODE_AT + CODE_BYTES ? 0 : packet.readInt32BE(CODE_AT);
  if (code === STARTUP.version3) return { say: askPassword(), phase: 'password' };
  if (code === STARTUP.ssl || code === STARTUP.gss) return { say: NO_ENCRYPTION, phase: 'startup' };
  // A request to cancel another client's statement: there is no second process that could interrupt the first.
  if (code === STARTUP.cancel) return { phase: 'closed' };
  return { say: fatal('0A000', 'only version 3.0 of the protocol is spoken here'), phase: 'closed' };
}

/** What a client must know to come in, and what it is told then. */
export interface Door {
  readonly password: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Answers the message that should hold the password. `id` numbers the connection. */
export function admit(message: Buffer, id: number, { password, settings }: Door): Step {
  const right = message[0] === PASSWORD && same(passwordOf(message), password);
  if (!right) return { say: fatal('28P01', 'wrong password'), phase: 'closed' };
  return { say: welcome(id, settings), phase: 'open' };
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
