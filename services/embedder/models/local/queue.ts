import type { Role } from '../model.ts';
import { buckets } from './buckets.ts';

/** Texts of one call and their vectors so far. */
export interface Request {
  readonly id: number;
  readonly role: Role;
  readonly texts: readonly (readonly number[])[];
  readonly vectors: Float32Array[];
  /** Model calls still to make, as positions of texts. */
  readonly left: number[][];
}

export const request = (id: number, role: Role, texts: readonly (readonly number[])[]): Request => ({
  id,
  role,
  texts,
  vectors: [],
  left: buckets(texts.map((text) => text.length)),
});

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
