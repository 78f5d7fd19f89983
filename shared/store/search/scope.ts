/** How a statement names what it is about: its parameters, and numbers that the database itself gave. */
export interface Scope {
  /** Of the collection. */
  readonly id: string;
  readonly generation: string;
  /** Of the query; undefined when words alone are looked at. */
  readonly vector: string | undefined;
  /** jsonpath that the metadata of a passage's document must match. */
  readonly filter: string | undefined;
  /** Dimensions of the generation's index, when it has one. */
  readonly dimensions: number | undefined;
  /** With an index and a filter: how many passages may be left to be scanned without the index. */
  readonly exactUpTo: string | undefined;
  /** The collection's vocabulary has been counted. */
  readonly counted: boolean;
}

/** Candidates that each of the two rankings brings. */
export const CANDIDATES = 100;

const ENDED_WELL = `status in ('searchable', 'partial')`;

/**
 * What can be seen of the collection. Passages of editions that ended well are live; there is one such edition of a
 * document at a time. A filter names the editions that may take part (`chosen`); without one it is quicker to name those
 * that may not (`hidden`), which are few.
 */
export const sight = ({ id, filter }: Scope): string =>
  filter === undefined
    ? `hidden as materialized (
  select no as edition from editions where collection_id = ${id} and not ${ENDED_WELL}
),
live as (
  select passages, words from editions where collection_id = ${id} and ${ENDED_WELL}
)`
    : `chosen as materialized (
  select no as edition, passages, words from editions
  where collection_id = ${id} and ${ENDED_WELL} and metadata @@ ${filter}
),
live as (
  select passages, words from chosen
)`;

/** "is true" keeps the planner from making a join of it, which it would do before it looks into an index. */
export const seen = ({ filter }: Scope): string =>
  filter === undefined
    ? 'edition not in (select edition from hidden)'
    : '(edition in (select edition from chosen)) is true';
