import { expect } from 'chai';
import { Kysely, Migrator, PostgresDialect } from 'kysely';
import pg from 'pg';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../infra/database/server.ts';
import { newId } from '../../shared/ids.ts';
import { findCollection } from '../../shared/store/collections.ts';
import { type Database, openDatabase } from '../../shared/store/database.ts';
import { migrate } from '../../shared/store/migrate.ts';
import * as firstTables from '../../shared/store/migrations/001-first-tables.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';

const SET_UP_MS = 60_000;
const SEARCH = { owner: 'o', collection: 'docs', query: '', top_k: 10, mode: 'vector' } as const;

describe('migrations of a database in use', () => {
  let embedded: EmbeddedDatabase;
  let db: Database;

  before(async function () {
    this.timeout(SET_UP_MS);
    embedded = await startEmbeddedDatabase({ memory: true });
    db = openDatabase({ url: embedded.url });
  });
  after(async () => {
    await db?.close();
    await embedded?.stop();
  });

  async function firstRelease(): Promise<void> {
    const pool = new pg.Pool({ connectionString: embedded.url, max: 1 });
    const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    const provider = { getMigrations: async () => ({ '001-first-tables': firstTables }) };
    const { error } = await new Migrator({ db: kysely, provider }).migrateToLatest();
    await kysely.destroy();
    expect(error).to.equal(undefined);
  }

  const INGESTED = `
    with c as (
      insert into collections (owner, name, embedding_model, dimensions, chunk_size, chunk_overlap, hybrid_weight)
      values ('o', 'docs', 'first', 2, 100, 0, 0.5), ('o', 'empty', 'other', null, 100, 0, 0.7) returning id, name
    ),
    d as (
      insert into documents (collection_id, id, owner, newest_revision, live_revision, live_edition)
      select id, 'cats', 'o', $1, $1, 1 from c where name = 'docs' returning collection_id
    ),
    e as (
      insert into editions (collection_id, document_id, revision, title, mime_type, metadata, bytes, status, total, passages, words)
      select collection_id, 'cats', $1, 'Cats', 'text/plain', '{}', 1, 'searchable', 1, 1, 1 from d returning no
    ),
    p as (
      insert into passages (edition, ord, id, text, heading, start_at, end_at, tokens, words)
      select no, 0, 'psg', 'cats', '', 0, 4, 1, 1 from e
    )
    insert into vectors (edition, ord, embedding) select no, 0, '[3,4]' from e`;

  it('give the vectors of each collection a first generation', async () => {
    await firstRelease();
    await db.query(INGESTED, [newId('job')]);
    expect(await migrate({ url: embedded.url })).to.include('003-generations');

    const docs = await findCollection(db, 'o', 'docs');
    expect(docs).to.include({ embedding_model: 'first', dimensions: 2, hybrid_weight: 0.5 });
    expect(await findCollection(db, 'o', 'empty')).to.include({ embedding_model: 'other', dimensions: null });
    const found = await searchPassages(db, { ...SEARCH, vector: vectorBase64([3, 4]) });
    expect(found.map(({ text, similarity }) => [text, similarity])).to.deep.equal([['cats', 1]]);
  });

  it('leave no place for a vector of other dimensions', async () => {
    const insert = (embedding: string) =>
      db
        .query(`insert into vectors (generation, edition, ord, embedding) select 1, 1, 1, $1::vector`, [embedding])
        .then(
          () => 'stored',
          (error: pg.DatabaseError) => error.code,
        );
    expect(await insert('[1,2,3]')).to.equal('23503');
    expect(await insert('[1,2]')).to.equal('stored');
    const change = db.query('update generations set dimensions = 3 where id = 1').then(
      () => 'changed',
      (error: pg.DatabaseError) => error.code,
    );
    expect(await change).to.equal('23503');
  });
});
