import { newId } from '../ids.ts';
import { cleanJson } from './clean.ts';
import type { Database, Queryable, Tx } from './database.ts';

/** `pending`: its newest ingest is under way; an older one may be searchable meanwhile. */
export type DocumentStatus = 'pending' | 'searchable' | 'partial' | 'failed';

export interface PendingDocument {
  readonly collection_id: number;
  readonly id: string;
  readonly owner: string;
  /** Id of the ingest job. Of two ingests of one document the later born wins. */
  readonly revision: string;
  readonly title: string;
  readonly source?: string | undefined;
  readonly mime_type: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Size of what was sent. */
  readonly bytes: number;
  /** The same when the same content would make the same passages; by it the document is known again. */
  readonly fingerprint?: string | undefined;
}

/**
 * Announces documents that an ingest will make; what is searchable stays so until they are published. Doing it twice
 * changes nothing. Of several with one id the last counts. A document that a later ingest has published, or that was
 * deleted since this ingest was born, is left as it is.
 */
export async function upsertPending(db: Queryable, documents: readonly PendingDocument[]): Promise<void> {
  const distinct = [
    ...new Map(documents.map((document) => [`${document.collection_id} ${document.id}`, document])).values(),
  ];
  if (distinct.length === 0) return;
  const column = <T>(of: (document: PendingDocument) => T) => distinct.map(of);
  await db.query(
    `with given as materialized (
       select given.* from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
           $8::text[], $9::bigint[], $10::text[])
         as given (collection_id, id, owner, revision, title, source, mime_type, metadata, bytes, fingerprint)
       join collections on collections.id = given.collection_id
     ),
     named as (
       insert into documents as d (collection_id, id, owner, newest_revision)
       select collection_id, id, owner, revision from given order by 1, 2
       on conflict (collection_id, id) do update set
         newest_revision = greatest(d.newest_revision, excluded.newest_revision), updated_at = now(),
         created_at = case when d.live_edition is null and d.live_revision < excluded.newest_revision then now()
           else d.created_at end
       returning collection_id, id, live_revision
     )
     insert into editions (collection_id, document_id, revision, title, source, mime_type, metadata, bytes, fingerprint)
     select collection_id, id, revision, title, source, mime_type, metadata::jsonb, bytes, fingerprint
     from given join named using (collection_id, id)
     where live_revision is null or live_revision <= revision
     on conflict (collection_id, document_id, revision) do nothing`,
    [
      column(({ collection_id }) => collection_id),
      column(({ id }) => id),
      column(({ owner }) => owner),
      column(({ revision }) => revision),
      column(({ title }) => title),
      column(({ source }) => source ?? null),
      column(({ mime_type }) => mime_type),
      column(({ metadata }) => cleanJson(metadata)),
      column(({ bytes }) => bytes),
      column(({ fingerprint }) => fingerprint ?? null),
    ],
  );
}

/** A document as clients see it: content of the edition that is searchable (else of the newest), state of the newest. */
export interface StoredDocument {
  readonly id: string;
  readonly owner: string;
  readonly title: string;
  readonly source: string | null;
  readonly mime_type: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly bytes: number;
  readonly status: DocumentStatus;
  readonly error: string | null;
  /** Passages that searches see. */
  readonly passages: number;
  /** Passages of the newest ingest that could not be embedded. */
  readonly failed_passages: number;
  /** The newest ingest job. */
  readonly job: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Why a document failed whose ingest was cancelled, or ended by its deadline. */
export const ABANDONED = 'its ingest ended before the document was indexed; send it again';

const COLUMNS = `
  d.id, d.owner, shown.title, shown.source, shown.mime_type, shown.metadata, shown.bytes,
  case when left_behind then 'failed' else newest.status end as status,
  case when left_behind then '${ABANDONED}' else newest.error end as error,
  coalesce(live.passages, 0) as passages, newest.failed_passages, d.newest_revision as job, d.created_at, d.updated_at`;

const FROM = `
  documents d
  join editions newest on (newest.collection_id, newest.document_id, newest.revision) = (d.collection_id, d.id, d.newest_revision)
  left join editions live on live.no = d.live_edition
  join editions shown on shown.no = coalesce(live.no, newest.no)
  left join jobs on jobs.id = d.newest_revision
  cross join lateral (select newest.status = 'pending' and jobs.finished_at is not null as left_behind) ingest`;

/** A page of a collection's documents, by id. `after`: id of the last one of the page before. */
export const listDocuments = (
  db: Queryable,
  { collection_id, limit, after }: { collection_id: number; limit: number; after?: string | undefined },
): Promise<StoredDocument[]> =>
  db.query<StoredDocument>(
    `select ${COLUMNS} from ${FROM}
     where d.collection_id = $1::int and ($2::text is null or d.id > $2) order by d.id limit $3::int`,
    [collection_id, after ?? null, limit],
  );

/** One document with its text (null until it was split). */
export async function getDocument(
  db: Queryable,
  { collection_id, id }: { collection_id: number; id: string },
): Promise<(StoredDocument & { text: string | null }) | undefined> {
  const rows = await db.query<StoredDocument & { text: string | null }>(
    `select ${COLUMNS}, shown.text from ${FROM} where d.collection_id = $1::int and d.id = $2`,
    [collection_id, id],
  );
  return rows[0];
}

/**
 * Deletes a document with all its passages. Ingests of it that are under way come to nothing: what remains is a row
 * whose revision is the deletion's, and of two revisions the later born wins.
 * @returns false when there was none
 */
export const deleteDocument = (
  db: Database,
  { collection_id, id }: { collection_id: number; id: string },
): Promise<boolean> =>
  db.transaction(async (tx) => {
    void lockDocuments(tx, [{ collection_id, document_id: id }]);
    const rows = await tx.query(
      `with old as materialized (select no from editions where collection_id = $1::int and document_id = $2),
       gone_postings as (delete from postings using old where edition = old.no),
       gone as (delete from editions using old where editions.no = old.no)
       update documents set live_edition = null, live_revision = $3, newest_revision = $3, updated_at = now()
       where collection_id = $1::int and id = $2 and exists (select from old) returning id`,
      [collection_id, id, newId('job')],
    );
    return rows.length > 0;
  });

/** Forgets documents that were deleted so long ago that no ingest born before can still be under way. @returns how many */
export async function forgetDeletions(
  db: Queryable,
  { ageS, limit }: { ageS: number; limit: number },
): Promise<number> {
  const rows = await db.query(
    `delete from documents where (collection_id, id) in (
       select collection_id, id from documents d
       where live_edition is null and live_revision is not null and updated_at < now() - make_interval(secs => $1::float8)
         and not exists (select from editions e where e.collection_id = d.collection_id and e.document_id = d.id)
       limit $2::int
     ) returning id`,
    [ageS, limit],
  );
  return rows.length;
}

/**
 * Holds documents until the transaction ends. Whoever changes what of a document is live takes this first, and several
 * in the same order: a publication and a deletion wait for each other instead of standing in each other's way.
 */
export const lockDocuments = (
  tx: Tx,
  documents: readonly { readonly collection_id: number; readonly document_id: string }[],
): Promise<unknown> =>
  // The statement's own promise, which may be left alone; one made around it would be a rejection nobody handles.
  documents.length === 0
    ? Promise.resolve()
    : tx.query(
        `select from documents
         where (collection_id, id) in (select * from unnest($1::int[], $2::text[]))
         order by collection_id, id for update`,
        [documents.map(({ collection_id }) => collection_id), documents.map(({ document_id }) => document_id)],
      );
