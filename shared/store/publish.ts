import type { Tx } from './database.ts';
import type { Edition } from './passages.ts';

export interface Publication extends Edition {
  /** `failed`: nothing of this edition is kept; what was searchable before stays so. */
  readonly status: 'searchable' | 'partial' | 'failed';
  readonly error?: string | undefined;
}

/**
 * Ends an ingest of a document: its embedded passages become what searches see, all at once, and older editions are
 * deleted. An edition that is older than the live one is deleted instead. Publishing twice changes nothing.
 */
export async function publishDocument(tx: Tx, { status, error, ...edition }: Publication): Promise<void> {
  await Promise.all([
    dropUnembedded(tx, edition, status === 'failed'),
    closeEdition(tx, edition, status, error),
    ...(status === 'failed' ? [] : [goLive(tx, edition)]),
    dropOlderEditions(tx, edition),
  ]);
}

const key = ({ collection_id, document_id, revision }: Edition) => [collection_id, document_id, revision];

/** Deletes the passages of an edition that have no vector (or all), with their words. */
const dropUnembedded = (tx: Tx, edition: Edition, all: boolean) =>
  tx.query(
    `with edition as (select no from editions where collection_id = $1::int and document_id = $2 and revision = $3),
     gone_vectors as (delete from vectors using edition where vectors.edition = edition.no and $4::bool),
     gone as (
       delete from passages p using edition
       where p.edition = edition.no
         and ($4::bool or not exists (select from vectors v where v.edition = p.edition and v.ord = p.ord))
       returning p.edition, p.ord
     )
     delete from postings using gone where postings.edition = gone.edition and postings.ord = gone.ord`,
    [...key(edition), all],
  );

/** Writes how the edition ended and what is left of it. */
const closeEdition = (tx: Tx, edition: Edition, status: string, error: string | undefined) =>
  tx.query(
    `update editions e set status = $4, error = $5, passages = kept.passages, words = kept.words,
       failed_passages = coalesce(e.total, 0) - kept.passages
     from editions self, lateral (
       select count(*)::int as passages, coalesce(sum(words), 0) as words from passages where edition = self.no
     ) kept
     where self.no = e.no and e.collection_id = $1::int and e.document_id = $2 and e.revision = $3`,
    [...key(edition), status, error ?? null],
  );

const goLive = (tx: Tx, edition: Edition) =>
  tx.query(
    `update documents d set live_edition = e.no, live_revision = e.revision, updated_at = now()
     from editions e
     where e.collection_id = $1::int and e.document_id = $2 and e.revision = $3
       and d.collection_id = e.collection_id and d.id = e.document_id
       and (d.live_revision is null or d.live_revision <= e.revision)`,
    key(edition),
  );

/** Deletes the editions that something newer has replaced, this one among them when it came too late. */
const dropOlderEditions = (tx: Tx, { collection_id, document_id }: Edition) =>
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
