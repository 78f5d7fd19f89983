import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Principal } from './context.ts';
import type { Keyring } from './keyring.ts';

const TICKET_MS = 60_000;

/**
 * Short-lived stand-ins for a key, for browsers: they cannot set a header on a WebSocket, and a key in an address ends
 * up in logs. A ticket is signed, not stored, so any replica honours it.
 */
export class Tickets {
  readonly #secret: Buffer;
  readonly #keyring: Keyring;

  constructor(secret: Buffer, keyring: Keyring) {
    this.#secret = secret;
    this.#keyring = keyring;
  }

  issue(principal: Principal, now = Date.now()): { ticket: string; expires_at: string } {
    const expires = now + TICKET_MS;
    const claim = Buffer.from(JSON.stringify({ owner: principal.owner, expires })).toString('base64url');
    return { ticket: `${claim}.${this.#sign(claim)}`, expires_at: new Date(expires).toISOString() };
  }

  /** Who the ticket was issued to; undefined when it is forged, overdue, or its key is gone. */
  redeem(ticket: string, now = Date.now()): Principal | undefined {
    const [claim = '', signature = ''] = ticket.split('.');
    const expected = Buffer.from(this.#sign(claim));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
    const { owner, expires } = JSON.parse(Buffer.from(claim, 'base64url').toString()) as {
      owner: string;
      expires: number;
    };
    return expires > now ? this.#keyring.named(owner) : undefined;
  }

  #sign(claim: string): string {
    return createHmac('sha256', this.#secret).update(claim).digest('base64url');
  }
}

/** The secret that signs tickets: given, or one that all replicas derive alike from the same keys. */
export function ticketSecret(given: string | undefined, keys: readonly { key: string }[]): Buffer {
  if (given !== undefined) return Buffer.from(given);
  if (keys.length === 0) return randomBytes(32);
  const all = keys.map(({ key }) => key).sort();
  return createHmac('sha256', 'warren websocket tickets').update(all.join('\n')).digest();
}
