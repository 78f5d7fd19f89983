import { lockCollections } from './collections.ts';
import type { Database, Queryable } from './database.ts';
import { ABANDONED, lockDocuments } from './documents.ts';
import type { Edition } from './passages.ts';
import { publishDocument } from './publish.ts';

interface Abandoned extends Edition {
  readonly owner: string;
  readonly collection: string;
}

interface Options {
  /** Seconds since their job ended: what its workers were at comes to its end meanwhile. */
  readonly ageS: number;
  readonly limit: number;
}

/**
 * Ends what ingests have left behind that were cancelled, or ended by their deadline: nobody will publish those editions,
 * so their passages and vectors go. What was searchable before stays so. @returns how many
 */
export async function closeAbandoned(db: Database, options: Options): Promise<number> {
  const found = await abandoned(db, options);
  if (found.length === 0) return 0;
  return await db.transaction(async (tx) => {
    await lockCollections(tx, found);
    // A job that is replayed at this moment is at its documents again.
    const still = await abandoned(tx, options, 'for update of j skip locked');
    await lockDocuments(tx, still);
    for (const edition of still) await publishDocument(tx, { ...edition, status: 'failed', error: ABANDONED });
    return still.length;
  });
}

const abandoned = (db: Queryable, { ageS, limit }: Options, lock = ''): Promise<Abandoned[]> =>
  db.query<Abandoned>(
    `select c.owner, c.name as collection, e.collection_id, e.document_id, e.revision
     from editions e join collections c on c.id = e.collection_id join jobs j on j.id = e.revision
     where e.status = 'pending' and j.finished_at < now() - make_interval(secs => $1::float8)
     order by e.no limit $2::int ${lock}`,
    [ageS, limit],
  );
