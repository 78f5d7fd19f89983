import type { Tx } from './database.ts';
import type { Edition } from './passages.ts';
import { vectorText } from './vector.ts';

/** Vectors of passages in a row, beginning at position `from`. */
export interface VectorBatch extends Edition {
  readonly from: number;
  /** base64 little-endian Float32; null where a passage could not be embedded. */
  readonly vectors: readonly (string | null)[];
  /** The model that made them; without it, the one that the collection has. */
  readonly model?: string | undefined;
}

/**
 * Stores vectors of announced passages in every generation of their model that is kept. The first ones settle its
 * dimensions, and of a collection without any vector also its model. Vectors with which nothing can be compared (another
 * model, other dimensions, values that are not finite, all zeros) count as null.
 */
export async function storeVectors(tx: Tx, batches: readonly VectorBatch[]): Promise<void> {
  const rows = batches.flatMap(({ vectors, from, ...edition }) =>
    vectors.flatMap((base64, index) => {
      const vector = base64 === null ? null : vectorText(base64);
      return vector === null ? [] : [{ ...edition, ord: from + index, ...vector }];
    }),
  );
  if (rows.length === 0) return;
  // Two statements: the second must see what another turn settled while the first waited for it.
  await Promise.all([settleDimensions(tx, rows), insertVectors(tx, rows)]);
}

type Row = Edition & { ord: number; text: string; dimensions: number; model?: string | undefined };

/** The first vectors of a collection may come from another model than it was made for, unless that one builds its next. */
const settleDimensions = (tx: Tx, rows: readonly Row[]) =>
  tx.query(
    `with given as (
       select distinct on (collection_id, model) * from unnest($1::int[], $2::int[], $3::text[])
         as given (collection_id, dimensions, model)
       order by collection_id, model
     ),
     first as (
       select distinct on (g.id) g.id, given.dimensions, given.model
       from generations g join given using (collection_id)
       where g.dimensions is null and (g.embedding_model = coalesce(given.model, g.embedding_model)
         or g.state = 'active' and not exists (
           select from generations o where o.collection_id = g.collection_id and o.state in ('building', 'retired')
             and o.embedding_model = given.model))
       order by g.id, g.embedding_model = given.model desc
     )
     update generations g set dimensions = first.dimensions, embedding_model = coalesce(first.model, g.embedding_model)
     from first where g.id = first.id and g.dimensions is null`,
    [
      rows.map(({ collection_id }) => collection_id),
      rows.map(({ dimensions }) => dimensions),
      rows.map(({ model }) => model ?? null),
    ],
  );

const insertVectors = (tx: Tx, rows: readonly Row[]) =>
  tx.query(
    `insert into vectors (generation, edition, ord, embedding, unindexed)
     select generation.id, p.edition, p.ord, g.vector::vector, generation.indexed
     from unnest($1::int[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[], $7::text[])
       as g (collection_id, document_id, revision, ord, vector, dimensions, model)
     join generations generation on generation.collection_id = g.collection_id and generation.dimensions = g.dimensions
       and generation.state <> 'dropped'
       and (generation.embedding_model = g.model or g.model is null and generation.state = 'active')
     join editions e
       on (e.collection_id, e.document_id, e.revision) = (g.collection_id, g.document_id, g.revision)
     join passages p on p.edition = e.no and p.ord = g.ord
     on conflict do nothing`,
    [
      rows.map(({ collection_id }) => collection_id),
      rows.map(({ document_id }) => document_id),
      rows.map(({ revision }) => revision),
      rows.map(({ ord }) => ord),
      rows.map(({ text }) => text),
      rows.map(({ dimensions }) => dimensions),
      rows.map(({ model }) => model ?? null),
    ],
  );
