import { type Kysely, sql } from 'kysely';

/*
 * Ids are compared byte by byte (collate "C"): UUIDv7 sorts by birth, which every keyset below relies on.
 * What clients sent and see (inputs, results, events) is `json`, which keeps its text as it came, NULs and order of keys
 * included; `jsonb` is for what is searched.
 */
const JOBS = `
  create table jobs (
    id text collate "C" primary key,
    owner text collate "C" not null,
    type text not null,
    status text not null,
    priority text not null,
    collection text,
    tags text[] not null default '{}',
    created_at timestamptz not null,
    run_at timestamptz,
    deadline_at timestamptz,
    finished_at timestamptz,
    last_seq int not null default 0,
    input json not null,
    result json,
    doc json not null
  );
  create index jobs_of_owner on jobs (owner, id desc);
  create index jobs_due on jobs (run_at) where status = 'scheduled';
  create index jobs_overdue on jobs (deadline_at) where finished_at is null and deadline_at is not null;
  create index jobs_finished_short on jobs (finished_at) where type in ('embed', 'search');
  create index jobs_finished_long on jobs (finished_at) where type not in ('embed', 'search');

  create table job_events (
    job text collate "C" not null,
    seq int not null,
    event text not null,
    at timestamptz not null,
    data json not null,
    primary key (job, seq)
  );

  -- One row for each message heard: that it was, and what followed from it (JSON, sent again byte for byte).
  create table inbox (
    id text collate "C" primary key,
    job text collate "C" not null,
    outputs text not null,
    at timestamptz not null
  );
  create index inbox_of_job on inbox (job);

  create table uploads (
    id text collate "C" primary key,
    job text collate "C" not null,
    content bytea not null,
    created_at timestamptz not null default now()
  );
  create index uploads_of_job on uploads (job);
  create index uploads_by_age on uploads (created_at);

  create table idempotency_keys (
    owner text collate "C" not null,
    key text collate "C" not null,
    body_hash text not null,
    job text collate "C" not null,
    created_at timestamptz not null default now(),
    primary key (owner, key)
  );
  create index idempotency_keys_by_age on idempotency_keys (created_at);
`;

/*
 * A document is a name; an edition is what one ingest made of it. Searches see the passages of live editions only, so
 * publishing is one update of the document's row. Vectors and postings are only ever inserted and deleted, which spares
 * PGlite (no autovacuum) dead rows. Postings have no foreign key: checking one for every word would double the cost.
 */
const PASSAGES = `
  create table collections (
    id int generated always as identity primary key,
    owner text collate "C" not null,
    name text collate "C" not null,
    embedding_model text not null,
    dimensions int,
    chunk_size int not null,
    chunk_overlap int not null,
    language text not null default 'english',
    hybrid_weight real not null default 0.7,
    created_at timestamptz not null default now(),
    unique (owner, name)
  );

  create table documents (
    collection_id int not null references collections on delete cascade,
    id text collate "C" not null,
    owner text collate "C" not null,
    newest_revision text collate "C" not null,
    live_revision text collate "C",
    live_edition bigint,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (collection_id, id)
  );

  create table editions (
    no bigint generated always as identity primary key,
    collection_id int not null,
    document_id text collate "C" not null,
    revision text collate "C" not null,
    title text not null,
    source text,
    mime_type text not null,
    metadata jsonb not null,
    text text,
    bytes bigint not null,
    status text not null default 'pending',
    error text,
    total int,
    passages int not null default 0,
    failed_passages int not null default 0,
    words bigint not null default 0,
    created_at timestamptz not null default now(),
    unique (collection_id, document_id, revision),
    foreign key (collection_id, document_id) references documents on delete cascade
  );

  create table passages (
    edition bigint not null references editions on delete cascade,
    ord int not null,
    id text collate "C" not null,
    text text not null,
    heading text not null,
    start_at int not null,
    end_at int not null,
    page int,
    tokens int not null,
    words int not null,
    primary key (edition, ord)
  );

  create table vectors (
    edition bigint not null references editions on delete cascade,
    ord int not null,
    embedding vector not null,
    primary key (edition, ord)
  );
  -- In the row while it fits there: a search reads all vectors of a collection.
  alter table vectors alter column embedding set storage main;

  create table postings (
    collection_id int not null,
    term text collate "C" not null,
    edition bigint not null,
    ord int not null,
    tf smallint not null,
    words int not null
  );
  create index postings_of_term on postings (collection_id, term) include (edition, ord, tf, words);
  create index postings_of_passage on postings (edition, ord);
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create extension if not exists vector`.execute(db);
  await sql.raw(JOBS).execute(db);
  await sql.raw(PASSAGES).execute(db);
}
