import type { Tx } from './database.ts';
import type { Edition } from './passages.ts';

export interface Publication extends Edition {
  /** `failed`: nothing of this edition is kept; what was searchable before stays so. */
  readonly status: 'searchable' | 'partial' | 'failed';
  readonly error?: string | undefined;
}

/**
 * Ends an ingest of a document: its passages with a vector in the active generation become what searches see, all at
 * once, and older editions are deleted. An edition that is older than the live one is deleted instead. Publishing twice
 * changes nothing. The collection must be locked: see lockCollections.
 * @returns false when it was superseded: deleted, or older than the live one
 */
export async function publishDocument(tx: Tx, { status, error, ...edition }: Publication): Promise<boolean> {
  const failed = status === 'failed';
  const [live] = await Promise.all([
    failed ? [edition] : goLive(tx, edition),
    dropUnembedded(tx, edition, failed),
    closeEdition(tx, edition, status, error),
    dropOlderEditions(tx, edition),
  ]);
  return live.length > 0;
}

const key = ({ collection_id, document_id, revision }: Edition) => [collection_id, document_id, revision];

/** Deletes the passages of an edition that have no vector in the active generation (or all), with their words. */
const dropUnembedded = (tx: Tx, edition: Edition, all: boolean) =>
  tx.query(
    `with edition as (select no from editions where collection_id = $1::int and document_id = $2 and revision = $3),
     gone_vectors as (delete from vectors using edition where vectors.edition = edition.no and $4::bool),
     gone as (
       delete from passages p using edition
       where p.edition = edition.no
         and ($4::bool or not exists (
           select from vectors v join generations g on g.id = v.generation
           where g.collection_id = $1::int and g.state = 'active' and v.edition = p.edition and v.ord = p.ord))
       returning p.edition, p.ord
     )
     delete from postings using gone where postings.edition = gone.edition and postings.ord = gone.ord`,
    [...key(edition), all],
  );

/** Writes how the edition ended and what is left of it. */
const closeEdition = (tx: Tx, edition: Edition, status: string, error: string | undefined) =>
  tx.query(
    `update editions e set passages = kept.passages, words = kept.words,
       failed_passages = coalesce(e.total, 0) - kept.passages,
       total = case when $4 = 'failed' then null else e.total end,
       status = case when $4 = 'searchable' and kept.passages < e.total then 'partial' else $4 end,
       error = case when $4 = 'searchable' and kept.passages < e.total
         then coalesce($5, 'some passages could not be embedded') else $5 end
     from editions self, lateral (
       select count(*)::int as passages, coalesce(sum(words), 0) as words from passages where edition = self.no
     ) kept
     where self.no = e.no and e.collection_id = $1::int and e.document_id = $2 and e.revision = $3`,
    [...key(edition), status, error ?? null],
  );

/** Searches know the live edition by its status: of a document's editions at most one ends well and is kept. */
const goLive = (tx: Tx, edition: Edition) =>
  tx.query(
    `update documents d set live_edition = e.no, live_revision = e.revision, updated_at = now()
     from editions e
     where e.collection_id = $1::int and e.document_id = $2 and e.revision = $3
       and d.collection_id = e.collection_id and d.id = e.document_id
       and (d.live_revision is null or d.live_revision <= e.revision)
     returning d.id`,
    key(edition),
  );

/** Deletes the editions that something newer has replaced, this one among them when it came too late. */
export const dropOlderEditions = (tx: Tx, { collection_id, document_id }: Edition) =>
  tx.query(
    `with old as (
       select e.no from editions e
       join documents d on d.collection_id = e.collection_id and d.id = e.document_id
       where d.collection_id = $1::int and d.id = $2 and e.revision < d.live_revision
     ),
     gone_postings as (delete from postings using old where edition = old.no)
     delete from editions using old where editions.no = old.no`,
    [collection_id, document_id],
  );
