import type { Tx } from './database.ts';
import type { Edition } from './passages.ts';
import { vectorText } from './vector.ts';

/** Vectors of passages in a row, beginning at position `from`. */
export interface VectorBatch extends Edition {
  readonly from: number;
  /** base64 little-endian Float32; null where a passage could not be embedded. */
  readonly vectors: readonly (string | null)[];
  /** The model that made them: it becomes the collection's with its first vectors. */
  readonly model?: string | undefined;
}

/**
 * Stores vectors of announced passages. The first ones settle the collection's dimensions. Vectors with which nothing
 * can be compared (another model, other dimensions, values that are not finite, all zeros) count as null: such passages are not published.
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

const settleDimensions = (tx: Tx, rows: readonly Row[]) =>
  tx.query(
    `update collections c set dimensions = first.dimensions, embedding_model = coalesce(first.model, c.embedding_model)
     from (
       select distinct on (collection_id) * from unnest($1::int[], $2::int[], $3::text[])
         as given (collection_id, dimensions, model)
       order by collection_id
     ) first
     where c.id = first.collection_id and c.dimensions is null`,
    [
      rows.map(({ collection_id }) => collection_id),
      rows.map(({ dimensions }) => dimensions),
      rows.map(({ model }) => model ?? null),
    ],
  );

const insertVectors = (tx: Tx, rows: readonly Row[]) =>
  tx.query(
    `insert into vectors (edition, ord, embedding)
     select p.edition, p.ord, g.vector::vector
     from unnest($1::int[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[], $7::text[])
       as g (collection_id, document_id, revision, ord, vector, dimensions, model)
     join collections c on c.id = g.collection_id and c.dimensions = g.dimensions
       and c.embedding_model = coalesce(g.model, c.embedding_model)
     join editions e using (collection_id, document_id, revision)
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
