import type { Queryable } from '../../shared/store/database.ts';
import { StoreUnavailableError } from '../../shared/store/errors.ts';

/**
 * The same database for somebody who is being waited for: a statement without an answer after `ms` counts as an outage.
 * (The statement itself may go on until its own, longer timeout; so this is for reading and for what may happen twice.)
 */
export const impatient = (db: Queryable, ms: number): Queryable => ({
  query: (text, params) => within(ms, db.query(text, params)),
});

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreUnavailableError(new Error(`no answer in ${ms} ms`))), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
