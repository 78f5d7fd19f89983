import { type Kysely, sql } from 'kysely';

/*
 * A generation is all vectors of a collection by one model: the active one answers searches, the next is built beside it,
 * the last is kept for a while to go back to. A dropped one is on its way out.
 */
const GENERATIONS = `
  create table generations (
    id int generated always as identity primary key,
    collection_id int not null references collections on delete cascade,
    embedding_model text not null,
    -- Of its vectors; null until the first is stored, and never changed from then on: they all refer to it.
    dimensions int,
    hybrid_weight real not null,
    state text not null check (state in ('building', 'active', 'retired', 'dropped')),
    -- The job that builds it, or did last; a collection's first one has none.
    job text collate "C",
    created_at timestamptz not null default now(),
    activated_at timestamptz,
    retired_at timestamptz,
    unique (id, dimensions)
  );
  create unique index generations_active on generations (collection_id) where state = 'active';
  create unique index generations_building on generations (collection_id) where state = 'building';
  create unique index generations_retired on generations (collection_id) where state = 'retired';
  create index generations_dropped on generations (id) where state = 'dropped';
  create index generations_of_collection on generations (collection_id);

  insert into generations (collection_id, embedding_model, dimensions, hybrid_weight, state, created_at, activated_at)
  select id, embedding_model, dimensions, hybrid_weight, 'active', created_at, created_at from collections;

  alter table collections drop column embedding_model, drop column dimensions, drop column hybrid_weight;
`;

/*
 * The generations for which the ingest of an edition embeds, settled when its passages are stored; whoever builds another
 * generation sees to the passages itself.
 */
const EDITIONS = `
  alter table editions add column generations int[] not null default '{}';
  update editions e set generations = array[g.id] from generations g
  where g.collection_id = e.collection_id and e.status = 'pending';
  create index editions_of_collection on editions (collection_id, no);
`;

/*
 * Vectors are copied rather than updated, which would leave PGlite a dead row for each. A vector has the dimensions of its
 * generation by a foreign key on what it is, not on what somebody says: mixed ones cannot be stored.
 */
const VECTORS = `
  alter table vectors rename to first_vectors;
  alter table first_vectors rename constraint vectors_pkey to first_vectors_pkey;
  alter table first_vectors rename constraint vectors_edition_fkey to first_vectors_edition_fkey;

  create table vectors (
    generation int not null,
    edition bigint not null references editions on delete cascade,
    ord int not null,
    embedding vector not null,
    dimensions int not null generated always as (vector_dims(embedding)) stored,
    primary key (generation, edition, ord),
    foreign key (generation, dimensions) references generations (id, dimensions) on delete cascade
  );
  -- In the row while it fits there: a search reads all vectors of a generation.
  alter table vectors alter column embedding set storage main;

  insert into vectors (generation, edition, ord, embedding)
  select g.id, v.edition, v.ord, v.embedding
  from first_vectors v join editions e on e.no = v.edition join generations g on g.collection_id = e.collection_id
  order by 1, 2, 3;
  drop table first_vectors;
  create index vectors_of_edition on vectors (edition);

  -- Passages that the model of a generation cannot embed, and why.
  create table refusals (
    edition bigint not null references editions on delete cascade,
    generation int not null references generations on delete cascade,
    ord int not null,
    error text not null,
    primary key (edition, generation, ord)
  );
  create index refusals_of_generation on refusals (generation);
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(GENERATIONS).execute(db);
  await sql.raw(EDITIONS).execute(db);
  await sql.raw(VECTORS).execute(db);
}
