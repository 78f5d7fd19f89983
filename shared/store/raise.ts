import pg from 'pg';
import { DuplicateMessageError, StoreUnavailableError } from './errors.ts';

/** SQLSTATEs that speak of the connection or the server, not of the statement: lost, shutting down, full, out of time. */
const UNAVAILABLE = /^(08|57P0|53300|25P0[34]|57014)/;
const UNIQUE_VIOLATION = '23505';

/**
 * Throws what the store's callers know instead of what pg throws. Failures of connection are plain errors there, without
 * a class in common: whatever is not the database's own word is taken for one.
 */
export function raise(error: unknown): never {
  if (error instanceof TypeError) throw error;
  if (!(error instanceof pg.DatabaseError)) throw new StoreUnavailableError(error);
  if (UNAVAILABLE.test(error.code ?? '')) throw new StoreUnavailableError(error);
  if (error.code === UNIQUE_VIOLATION && error.constraint === 'inbox_pkey') throw new DuplicateMessageError(error);
  throw error;
}
