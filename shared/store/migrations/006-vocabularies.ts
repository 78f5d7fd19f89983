import { type Kysely, sql } from 'kysely';

/*
 * How often the common terms of a large collection occur, counted now and then. Postings are kept in the order of what an
 * occurrence is worth, so that the best of a common term can be read alone, and can be looked up by passage and term.
 */
const VOCABULARIES = `
  create table vocabularies (
    collection_id int primary key references collections on delete cascade,
    passages int not null,
    words bigint not null,
    counted_at timestamptz not null default now()
  );
  create table common_terms (
    collection_id int not null references vocabularies on delete cascade,
    term text collate "C" not null,
    passages int not null,
    primary key (collection_id, term)
  );

  create index postings_by_impact on postings
    (collection_id, term, ((tf::int * 100000) / (tf::int * 100 + 30 + words * 9 / 10)) desc)
    include (edition, ord, tf, words);
  drop index postings_of_term;
  create index postings_by_passage on postings (edition, ord, term) include (tf, words);
  drop index postings_of_passage;
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(VOCABULARIES).execute(db);
}
