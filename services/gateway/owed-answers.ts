import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** The answers that each connection has not got whole: a client may send the next request before it has them. */
export class OwedAnswers {
  readonly #owed = new WeakMap<Duplex, Set<ServerResponse>>();

  add(connection: Duplex, response: ServerResponse): void {
    const owed = this.#owed.get(connection) ?? new Set();
    this.#owed.set(connection, owed.add(response));
    response.once('close', () => owed.delete(response));
  }

  /** Something of an answer has been sent, so that no other may begin. */
  midway(connection: Duplex): boolean {
    for (const { headersSent } of this.#owed.get(connection) ?? []) if (headersSent) return true;
    return false;
  }

  /** Resolves when the connection has all of them; never, when it breaks before. */
  async sent(connection: Duplex): Promise<void> {
    const owed = [...(this.#owed.get(connection) ?? [])];
    await Promise.all(owed.map((response) => new Promise<void>((resolve) => response.once('close', resolve))));
  }
}
