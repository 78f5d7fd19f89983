import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal } from './context.ts';

interface ApiKey {
  readonly name: string;
  readonly key: string;
  readonly admin: boolean;
}

/** Owner of everything when no keys are configured (the gateway then listens on loopback only). */
export const LOCAL: Principal = { owner: 'local', admin: true };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The API keys that open this gateway. */
export class Keyring {
  readonly #keys: readonly { hash: Buffer; principal: Principal }[];

  constructor(keys: readonly ApiKey[]) {
    this.#keys = keys.map(({ name, key, admin }) => ({ hash: digest(key), principal: { owner: name, admin } }));
  }

  /** No key is needed. */
  get open(): boolean {
    return this.#keys.length === 0;
  }

  /** Who holds this key. Takes the same time whichever key it is, and when it is none. */
  holderOf(presented: string): Principal | undefined {
    const hash = digest(presented);
    let holder: Principal | undefined;
    for (const key of this.#keys) if (timingSafeEqual(key.hash, hash)) holder = key.principal;
    return holder;
  }

  /** A holder by name, for credentials that name one. */
  named(owner: string): Principal | undefined {
    if (this.open) return owner === LOCAL.owner ? LOCAL : undefined;
    return this.#keys.find(({ principal }) => principal.owner === owner)?.principal;
  }
}
