import { derivedId } from '../ids.ts';
import { held } from './collection-lock.ts';
import type { Database, Queryable } from './database.ts';

/** Names what one ingest makes of one document. `revision` is the ingest's job id. */
export interface Edition {
  readonly collection_id: number;
  readonly document_id: string;
  readonly revision: string;
}

export interface NewPassage {
  readonly text: string;
  /** Headings above it, joined by ` › `; may be empty. */
  readonly heading: string;
  /** Where in the document's text it stands (UTF-16 offsets). */
  readonly start: number;
  readonly end: number;
  readonly page?: number | undefined;
  readonly tokens: number;
}

/** What was made of a document by splitting it. */
export interface SplitText extends Edition {
  readonly text: string;
  /** When the document itself says it, e.g. in its first heading. */
  readonly title?: string | undefined;
  /** All its passages in order: the nth has position n. */
  readonly passages: readonly NewPassage[];
}

/** More text than this is not looked at for words (Postgres takes one MiB of them). */
const MAX_INDEXED_CHARS = 100_000;

const STORE = `
  with edition as materialized (
    select e.no, e.collection_id, c.language::regconfig as language
    from editions e join collections c on c.id = e.collection_id
    where e.collection_id = $1::int and e.document_id = $2 and e.revision = $3
  ),
  given as materialized (
    select edition.no as edition, g.ordinality::int - 1 as ord, g.*,
      to_tsvector(edition.language, left(g.heading || ' ' || g.text, ${MAX_INDEXED_CHARS})) as terms
    from edition, unnest($4::text[], $5::text[], $6::text[], $7::int[], $8::int[], $9::int[], $10::int[])
      with ordinality as g (id, text, heading, start_at, end_at, page, tokens, ordinality)
  ),
  counted as materialized (
    select given.*, (select coalesce(sum(cardinality(positions)), 0)::int from unnest(terms)) as words from given
  ),
  fresh as (
    insert into passages (edition, ord, id, text, heading, start_at, end_at, page, tokens, words)
    select edition, ord, id, text, heading, start_at, end_at, page, tokens, words from counted
    on conflict do nothing returning edition, ord
  ),
  posted as (
    insert into postings (collection_id, term, edition, ord, tf, words)
    select $1::int, t.lexeme, edition, ord, cardinality(t.positions), words
    from fresh join counted using (edition, ord), unnest(terms) t
    order by t.lexeme
  )
  update editions set text = $11, title = coalesce($12, title), total = $13::int,
    generations = case when total is null then array(
      select id from generations where collection_id = $1::int and state in ('active', 'building')
    ) else generations end
  from edition where editions.no = edition.no returning editions.no`;

/**
 * Stores the text and passages of an announced document, and the words of each passage for search, and settles for which
 * generations its ingest embeds. Doing it twice changes nothing.
 * @returns false when the document (or its collection) is not there any more
 */
export async function storePassages(db: Database, split: SplitText): Promise<boolean> {
  const { collection_id, document_id, revision, text, title, passages } = split;
  const id = (ord: number) => derivedId('psg', revision, `${collection_id}\n${document_id}\n${ord}`);
  const params = [
    collection_id,
    document_id,
    revision,
    passages.map((_, ord) => id(ord)),
    passages.map((passage) => passage.text),
    passages.map(({ heading }) => heading),
    passages.map(({ start }) => start),
    passages.map(({ end }) => end),
    passages.map(({ page }) => page ?? null),
    passages.map(({ tokens }) => tokens),
    text,
    title ?? null,
    passages.length,
  ];
  const rows = await db.transaction(async (tx) => {
    // A generation begins before or after this: a build sees either these passages or an ingest that embeds for it.
    void tx.query(`select ${held('$1::int')}`, [collection_id]);
    return await tx.query(STORE, params);
  });
  return rows.length > 0;
}

/** How many passages an edition has; undefined until it was split (or when there is no such edition). */
export async function countPassages(
  db: Queryable,
  { collection_id, document_id, revision }: Edition,
): Promise<number | undefined> {
  const rows = await db.query<{ total: number | null }>(
    `select total from editions where collection_id = $1::int and document_id = $2 and revision = $3`,
    [collection_id, document_id, revision],
  );
  return rows[0]?.total ?? undefined;
}

export interface PassageText {
  /** Position in the document. */
  readonly ord: number;
  readonly text: string;
  readonly heading: string;
  readonly tokens: number;
}

/** Passages of an edition from a position on, published or not. */
export const passageTexts = (
  db: Queryable,
  { collection_id, document_id, revision, from, limit }: Edition & { from: number; limit: number },
): Promise<PassageText[]> =>
  db.query<PassageText>(
    `select ord, p.text, heading, tokens from passages p join editions e on e.no = p.edition
     where e.collection_id = $1::int and e.document_id = $2 and e.revision = $3 and ord >= $4::int
     order by ord limit $5::int`,
    [collection_id, document_id, revision, from, limit],
  );

/** A generation of vectors for which an ingest embeds. */
export interface Target {
  readonly generation: number;
  readonly embedding_model: string;
  /** It has vectors. */
  readonly settled: boolean;
}

/** The generations for which the ingest of an edition embeds, as far as they are kept up, the active one first. */
export const targetsOf = (db: Queryable, { collection_id, document_id, revision }: Edition): Promise<Target[]> =>
  db.query<Target>(
    `select g.id as generation, g.embedding_model, g.dimensions is not null as settled
     from editions e join generations g on g.id = any (e.generations)
     where e.collection_id = $1::int and e.document_id = $2 and e.revision = $3 and g.state in ('active', 'building')
     order by g.state = 'active' desc`,
    [collection_id, document_id, revision],
  );
