import { haveAlone } from './collection-lock.ts';
import type { Database, Queryable, Tx } from './database.ts';
import { GenerationGone } from './errors.ts';
import { activate, type Generation } from './generations.ts';
import { vectorText } from './vector.ts';

/** Names a passage. Passages never change: another text is another edition. */
export interface PassageKey {
  readonly edition: number;
  readonly ord: number;
}

export interface UnembeddedPassage extends PassageKey {
  readonly text: string;
  readonly heading: string;
}

/*
 * What a generation that is built lacks: passages that searches see, or will see when their ingest ends, unless that ingest embeds for
 * this generation itself. Those that its model refused are not asked for again.
 */
const LACKING = `
  generations g
  join editions e on e.collection_id = g.collection_id
  join documents d on d.collection_id = e.collection_id and d.id = e.document_id
    and (e.no = d.live_edition or e.status = 'pending' and not g.id = any (e.generations))
  join passages p on p.edition = e.no
  where g.id = $1::int and g.state = 'building'
    and not exists (select from vectors v where v.generation = g.id and v.edition = p.edition and v.ord = p.ord)
    and not exists (select from refusals r where r.edition = p.edition and r.generation = g.id and r.ord = p.ord)`;

/** How many passages a generation lacks. */
export async function countLacking(db: Queryable, generation: number): Promise<number> {
  const rows = await db.query<{ lacking: number }>(`select count(*)::int as lacking from ${LACKING}`, [generation]);
  return rows[0]?.lacking ?? 0;
}

/** Passages that a generation lacks, behind one of them, in order. */
export const lackingPassages = (
  db: Queryable,
  { generation, after, limit }: { generation: number; after: PassageKey; limit: number },
): Promise<UnembeddedPassage[]> =>
  db.query<UnembeddedPassage>(
    `select p.edition, p.ord, p.heading, p.text from ${LACKING}
       and e.no >= $2::bigint and (p.edition, p.ord) > ($2::bigint, $3::int)
     order by p.edition, p.ord limit $4::int`,
    [generation, after.edition, after.ord, limit],
  );

/** Vectors by the model of a generation that is being built. */
export interface BuiltVectors {
  readonly generation: number;
  readonly model: string;
  readonly passages: readonly PassageKey[];
  /** base64 little-endian Float32, one a passage; null where it could not be embedded. */
  readonly vectors: readonly (string | null)[];
  /** Why not, by position. */
  readonly errors: Readonly<Record<number, string>>;
}

/**
 * Stores vectors of a generation; the first settles its dimensions. A passage whose vector is missing or cannot be
 * compared with the others is refused. What is not there any more (passage, generation) is left out.
 */
export async function storeBuilt(tx: Tx, batches: readonly BuiltVectors[]): Promise<void> {
  const rows = batches.flatMap(({ generation, model, passages, vectors, errors }) =>
    passages.map((passage, index): Row => {
      const vector = vectors[index] ?? null;
      const made = vector === null ? null : vectorText(vector);
      return { ...passage, generation, model, text: made?.text, dimensions: made?.dimensions, error: errors[index] };
    }),
  );
  if (rows.length === 0) return;
  // In order: each must see what the one before wrote, or waited for.
  await Promise.all([settle(tx, rows), insert(tx, rows), refuse(tx, rows)]);
}

interface Row extends PassageKey {
  readonly generation: number;
  readonly model: string;
  readonly text: string | undefined;
  readonly dimensions: number | undefined;
  readonly error: string | undefined;
}

const settle = (tx: Tx, rows: readonly Row[]) =>
  tx.query(
    `update generations g set dimensions = first.dimensions
     from (
       select distinct on (id) * from unnest($1::int[], $2::text[], $3::int[]) as given (id, model, dimensions)
       where dimensions is not null order by id
     ) first
     where g.id = first.id and g.embedding_model = first.model and g.dimensions is null`,
    [rows.map(({ generation }) => generation), rows.map(({ model }) => model), rows.map(dimensionsOf)],
  );

const dimensionsOf = ({ dimensions }: Row) => dimensions ?? null;

const insert = (tx: Tx, rows: readonly Row[]) =>
  tx.query(
    `insert into vectors (generation, edition, ord, embedding, unindexed)
     select g.id, p.edition, p.ord, given.vector::vector, g.indexed
     from unnest($1::int[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::int[])
       as given (generation, edition, ord, model, vector, dimensions)
     join generations g on g.id = given.generation and g.state <> 'dropped'
       and g.embedding_model = given.model and g.dimensions = given.dimensions
     join passages p on p.edition = given.edition and p.ord = given.ord
     on conflict do nothing`,
    [...keys(rows), rows.map(({ model }) => model), rows.map(({ text }) => text ?? null), rows.map(dimensionsOf)],
  );

const refuse = (tx: Tx, rows: readonly Row[]) =>
  tx.query(
    `insert into refusals (edition, generation, ord, error)
     select p.edition, g.id, p.ord, coalesce(given.error, 'its vector cannot be compared with the others')
     from unnest($1::int[], $2::bigint[], $3::int[], $4::text[]) as given (generation, edition, ord, error)
     join generations g on g.id = given.generation and g.state <> 'dropped'
     join passages p on p.edition = given.edition and p.ord = given.ord
     where not exists (select from vectors v where v.generation = g.id and v.edition = p.edition and v.ord = p.ord)
     on conflict do nothing`,
    [...keys(rows), rows.map(({ error }) => error ?? null)],
  );

const keys = (rows: readonly Row[]) => [
  rows.map(({ generation }) => generation),
  rows.map(({ edition }) => edition),
  rows.map(({ ord }) => ord),
];

/** A passage of a searchable document that the model of a generation cannot embed. */
export interface Refusal {
  readonly document_id: string;
  readonly passage_id: string;
  readonly error: string;
}

export interface Verdict {
  readonly switched: boolean;
  /** Passages that it lacks. */
  readonly lacking: number;
  /** Passages of searchable documents that its model refused, and some of them. */
  readonly refused: number;
  readonly refusals: readonly Refusal[];
  /** Its passages with a vector; 0 unless switched. */
  readonly passages: number;
  readonly dimensions: number | null;
}

const REFUSALS_TOLD = 20;

/**
 * Switches a collection to the generation that was built, in one transaction, provided that it lacks nothing and, unless
 * `partial`, that its model refused nothing. Switching twice changes nothing.
 * @throws {GenerationGone} when it was given up
 */
export async function switchGeneration(db: Database, id: number, { partial }: { partial: boolean }): Promise<Verdict> {
  // Counted without the lock first: it holds up whoever publishes documents.
  const lacking = await countLacking(db, id);
  if (lacking > 0) return { ...NOTHING, lacking };
  const verdict = await db.transaction((tx) => judge(tx, id, partial));
  return verdict.switched ? { ...verdict, passages: await countVectors(db, id) } : verdict;
}

async function judge(tx: Tx, id: number, partial: boolean): Promise<Verdict> {
  await haveAlone(tx, await collectionOf(tx, id));
  const [generation] = await tx.query<Generation>(
    `select id, collection_id, state, dimensions from generations where id = $1::int and state in ('building', 'active')`,
    [id],
  );
  if (generation === undefined) throw new GenerationGone(`generation ${id}`);
  const verdict = { ...NOTHING, ...(await refusalsOf(tx, id)), dimensions: generation.dimensions };
  if (generation.state === 'building') {
    const left = await countLacking(tx, id);
    if (left > 0 || (verdict.refused > 0 && !partial)) return { ...verdict, lacking: left };
    await activate(tx, generation);
  }
  return { ...verdict, switched: true };
}

/** @throws {GenerationGone} */
async function collectionOf(tx: Tx, generation: number): Promise<number> {
  const [row] = await tx.query<{ collection_id: number }>('select collection_id from generations where id = $1::int', [
    generation,
  ]);
  if (row === undefined) throw new GenerationGone(`generation ${generation}`);
  return row.collection_id;
}

const NOTHING: Verdict = { switched: false, lacking: 0, refused: 0, refusals: [], passages: 0, dimensions: null };

async function refusalsOf(tx: Tx, generation: number): Promise<Pick<Verdict, 'refused' | 'refusals'>> {
  const rows = await tx.query<Refusal & { refused: number }>(
    `select e.document_id, p.id as passage_id, r.error, count(*) over ()::int as refused
     from refusals r
     join editions e on e.no = r.edition
     join documents d on d.live_edition = e.no and d.collection_id = e.collection_id and d.id = e.document_id
     join passages p on p.edition = r.edition and p.ord = r.ord
     where r.generation = $1::int order by r.edition, r.ord limit ${REFUSALS_TOLD}`,
    [generation],
  );
  return { refused: rows[0]?.refused ?? 0, refusals: rows.map(({ refused: _, ...refusal }) => refusal) };
}

async function countVectors(tx: Queryable, generation: number): Promise<number> {
  const rows = await tx.query<{ passages: number }>(
    'select count(*)::int as passages from vectors where generation = $1::int',
    [generation],
  );
  return rows[0]?.passages ?? 0;
}
