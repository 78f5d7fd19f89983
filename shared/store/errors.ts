import pg from 'pg';

/** The database cannot be reached or cut the connection: nothing is known to have been written. Trying again may help. */
export class StoreUnavailableError extends Error {
  override readonly name: string = 'StoreUnavailableError';
  constructor(cause: unknown) {
    super(`the database is not available: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** The database took too long, whether it is slow or was asked for too much. Nothing is known to have been written. */
export class StoreTimeoutError extends StoreUnavailableError {
  override readonly name = 'StoreTimeoutError';
}

/** A message's outcome was recorded before, perhaps by another process: this transaction must not be committed. */
export class DuplicateMessageError extends Error {
  override readonly name = 'DuplicateMessageError';
  constructor(cause: unknown) {
    super('the outcome of this message is recorded already', { cause });
  }
}

export class CollectionNotFound extends Error {
  override readonly name = 'CollectionNotFound';
  readonly collection: string;
  constructor(collection: string) {
    super(`there is no collection "${collection}"`);
    this.collection = collection;
  }
}

export class CollectionExists extends Error {
  override readonly name = 'CollectionExists';
  readonly collection: string;
  constructor(collection: string) {
    super(`the collection "${collection}" exists already`);
    this.collection = collection;
  }
}

/** The vectors that are spoken of are not kept any more. */
export class GenerationGone extends Error {
  override readonly name = 'GenerationGone';
  constructor(what: string) {
    super(`${what} does not have these vectors any more`);
  }
}

export class ModelUnchanged extends Error {
  override readonly name = 'ModelUnchanged';
  constructor(collection: string, model: string) {
    super(`the vectors of collection "${collection}" are by ${model} already`);
  }
}

export class ReembedUnderWay extends Error {
  override readonly name = 'ReembedUnderWay';
  constructor(collection: string, job: string) {
    super(`job ${job} is re-embedding collection "${collection}"`);
  }
}

/** A query's vector cannot be compared with the vectors of the collection: another model made them. */
export class DimensionMismatch extends Error {
  override readonly name = 'DimensionMismatch';
  constructor(collection: string, expected: number, got: number) {
    super(`collection "${collection}" holds vectors of ${expected} dimensions, the query's vector has ${got}`);
  }
}

/**
 * SQLSTATEs that speak of a value given: out of range or malformed, missing, too large, unknown. Keys that are there
 * already or not there any more are races, and go away by trying again.
 */
const REFUSED_VALUE = /^(21|22|23502|23514|42|54)/;

/** The database will not have a value, however often it is offered. */
export const isRefusedValue = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && REFUSED_VALUE.test(error.code ?? '');
