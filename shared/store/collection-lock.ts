import type { Queryable } from './database.ts';

/*
 * Who settles for which generations an ingest embeds, or what of a document is live, holds its collection; who begins,
 * switches or gives up a generation has it alone. Locks of the database's lock manager, until the transaction ends: these
 * wait their turn, while a row that is always share-locked by somebody would never be anybody's alone. They must be a
 * transaction's first, and what is decided under them be read by a later statement.
 */

/** Among advisory locks with two keys; the other is the collection's id. */
const CLASS = 7_301;

/** SQL that holds a collection, by an expression for its id. */
export const held = (id: string): string => `pg_advisory_xact_lock_shared(${CLASS}, ${id})`;

/** Waits until nobody holds the collection, and then for nobody. The statement's own promise, which may be left alone. */
export const haveAlone = (tx: Queryable, id: number): Promise<unknown> =>
  tx.query(`select pg_advisory_xact_lock(${CLASS}, $1::int)`, [id]);
