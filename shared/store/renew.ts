import { cleanJson } from './clean.ts';
import type { Database } from './database.ts';
import { lockDocuments } from './documents.ts';
import type { Edition } from './passages.ts';
import { dropOlderEditions } from './publish.ts';

/** A document that is sent again. */
export interface Renewal extends Edition {
  readonly fingerprint: string;
  /** Undefined: the title that was found in the document stays. */
  readonly title?: string | undefined;
  readonly source?: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * Knows a document again whose searchable edition was made of the same content, whole: that edition becomes this
 * ingest's, with the title, source and metadata given here, in one step. Ingests born before this one come to nothing,
 * as if it had been published. Doing it twice changes nothing.
 * @returns how many passages it has; undefined when it is not known, and nothing was changed
 */
export const renewDocument = (db: Database, renewal: Renewal): Promise<number | undefined> =>
  db.transaction(async (tx) => {
    const { collection_id, document_id, revision, fingerprint, title, source, metadata } = renewal;
    void lockDocuments(tx, [renewal]);
    const rows = await tx.query<{ passages: number }>(
      `with known as materialized (
         select e.no, e.passages, e.revision < $3 as older,
           (coalesce($5, e.title), $6, $7::jsonb) is distinct from (e.title, e.source, e.metadata) as differs
         from documents d join editions e on e.no = d.live_edition
         where d.collection_id = $1::int and d.id = $2
           and e.fingerprint = $4 and e.status = 'searchable' and e.failed_passages = 0
           and not exists (
             select from refusals r join generations g on g.id = r.generation where r.edition = e.no and g.state = 'active'
           )
           and (e.revision >= $3 or not exists (
             select from editions begun where (begun.collection_id, begun.document_id, begun.revision) = ($1::int, $2, $3)
           ))
       ),
       renewed as (
         update editions e set revision = $3, title = coalesce($5, e.title), source = $6, metadata = $7::jsonb
         from known where e.no = known.no and known.older
       ),
       named as (
         update documents d set live_revision = $3, newest_revision = greatest(d.newest_revision, $3),
           updated_at = case when known.differs then now() else d.updated_at end
         from known where d.collection_id = $1::int and d.id = $2 and known.older
       )
       select passages from known`,
      [collection_id, document_id, revision, fingerprint, title ?? null, source ?? null, cleanJson(metadata)],
    );
    if (rows.length > 0) await dropOlderEditions(tx, renewal);
    return rows[0]?.passages;
  });
