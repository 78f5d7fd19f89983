import pg from 'pg';
import { DuplicateMessageError, StoreTimeoutError, StoreUnavailableError } from './errors.ts';

/** SQLSTATEs that speak of the connection or the server, not of the statement: lost, shutting down, full, left idle. */
const UNAVAILABLE = /^(08|57P0|53300|25P03)/;
/** The time for a statement or a transaction is up. */
const OUT_OF_TIME = /^(57014|25P04)/;
/** What pg itself says when it has waited for an answer for as long as it was told to. */
const NO_ANSWER = 'Query read timeout';
const UNIQUE_VIOLATION = '23505';

/**
 * Throws what the store's callers know instead of what pg throws. Failures of connection are plain errors there, without
 * a class in common: whatever is not the database's own word is taken for one.
 */
export function raise(error: unknown): never {
  if (error instanceof TypeError) throw error;
  if (!(error instanceof pg.DatabaseError)) {
    throw isNoAnswer(error) ? new StoreTimeoutError(error) : new StoreUnavailableError(error);
  }
  if (OUT_OF_TIME.test(error.code ?? '')) throw new StoreTimeoutError(error);
  if (UNAVAILABLE.test(error.code ?? '')) throw new StoreUnavailableError(error);
  if (error.code === UNIQUE_VIOLATION && error.constraint === 'inbox_pkey') throw new DuplicateMessageError(error);
  throw error;
}

const isNoAnswer = (error: unknown): boolean => error instanceof Error && error.message === NO_ANSWER;
