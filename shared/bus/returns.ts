import type { Message } from 'amqplib';

/** Why messages came back as unroutable, by message id. The broker returns a message before it confirms it. */
export class Returns {
  readonly #found = new Map<string, { readonly why: string; count: number }>();

  note({ properties: { messageId }, fields: { routingKey, exchange } }: Message): void {
    const why = `no queue for key "${routingKey}" of exchange "${exchange}"`;
    this.#found.set(messageId, { why, count: (this.#found.get(messageId)?.count ?? 0) + 1 });
  }

  /** The reason for one return of a message, which is then forgotten. */
  take(messageId: string): string | undefined {
    const found = this.#found.get(messageId);
    if (found === undefined) return undefined;
    found.count -= 1;
    if (found.count === 0) this.#found.delete(messageId);
    return found.why;
  }

  clear(): void {
    this.#found.clear();
  }
}
