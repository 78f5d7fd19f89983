import type { Role } from '../model.ts';
import { buckets } from './buckets.ts';

/** Texts of one call, and how far the model has come with them. */
export interface Request {
  readonly id: number;
  readonly role: Role;
  readonly texts: readonly string[];
  /** Token ids of the first texts, as far as they have been split. */
  readonly encoded: (readonly number[])[];
  /** Model calls still to make, as positions of texts; undefined until all texts have been split. */
  left: number[][] | undefined;
  readonly vectors: Float32Array[];
}

export const request = (id: number, role: Role, texts: readonly string[]): Request => ({
  id,
  role,
  texts,
  encoded: [],
  left: undefined,
  vectors: [],
});

/** What to do next for a request; each step is short, so that others need not wait long. */
export type Step = { readonly split: readonly string[] } | { readonly embed: readonly number[] };

/** Texts split in one step. */
const SPLIT_TEXTS = 32;

export function nextStep(request: Request): Step {
  const { texts, encoded } = request;
  if (encoded.length < texts.length) return { split: texts.slice(encoded.length, encoded.length + SPLIT_TEXTS) };
  request.left ??= buckets(encoded.map((text) => text.length));
  return { embed: request.left.shift() ?? [] };
}

/** Requests in the order in which the model should work on them: queries before documents, else first come, first served. */
export class RequestQueue {
  readonly #waiting = new Map<number, Request>();

  add(request: Request): void {
    this.#waiting.set(request.id, request);
  }

  remove(id: number): void {
    this.#waiting.delete(id);
  }

  /** Whose turn it is now. Asked again after each model call, so a query waits for one call at most. */
  next(): Request | undefined {
    let first: Request | undefined;
    for (const each of this.#waiting.values()) {
      if (each.role === 'query') return each;
      first ??= each;
    }
    return first;
  }

  clear(): void {
    this.#waiting.clear();
  }
}
