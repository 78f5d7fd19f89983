import { expect } from 'chai';
import { CollectionView } from '../../../services/gateway/api/collection.ts';
import { createCollection } from '../../../shared/store/collections.ts';
import { beginGeneration } from '../../../shared/store/generations.ts';
import { saveJobs } from '../../../shared/store/jobs.ts';
import { switchGeneration } from '../../../shared/store/rebuild.ts';
import { sampleJob } from '../../store/samples.ts';
import { BOB, client, type Fixture, START_TIMEOUT_MS, startFixture } from './fixture.ts';

const SETTINGS = { embedding_model: 'all-MiniLM-L6-v2', chunk_size: 200, chunk_overlap: 0 };

describe('gateway: changing the embedding model', () => {
  let fixture: Fixture;
  let ann: ReturnType<typeof client>;
  let bob: ReturnType<typeof client>;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    fixture = await startFixture();
    ann = client(fixture.url);
    bob = client(fixture.url, BOB);
    await createCollection(fixture.database.db, 'ann', 'books', SETTINGS);
  });
  after(() => fixture?.stop());

  const begin = async (collection: string) => {
    const { db } = fixture.database;
    const job = sampleJob({ owner: 'ann', type: 'reembed', status: 'running', collection });
    await db.transaction((tx) => saveJobs(tx, [job]));
    const wish = { embedding_model: 'next', hybrid_weight: 0.7, job: job.id };
    return { ...job, generation: await beginGeneration(db, { owner: 'ann', collection, ...wish }) };
  };
  const refused = async (answer: Promise<{ status: number; body: { code?: string } }>) => {
    const { status, body } = await answer;
    return [status, body.code];
  };

  it('is a job in the low lane, whose input is what was asked for', async () => {
    const input = {
      embedding_model: 'next',
      eval: { queries: [{ _id: 'q', text: 'why?' }], qrels: [{ query: 'q', document: 'd' }], min_recall_at_10: 0.5 },
    };
    const { status, body } = await ann.post('/v1/collections/books/reembed', input);
    expect(status).to.equal(202);
    expect(body).to.deep.include({ type: 'reembed', priority: 'low', collection: 'books' });
    expect((await fixture.stage.job(body.id)).input).to.deep.equal({ collection: 'books', ...input });
  });

  it('is refused for questions that nothing answers, and for the model that is there, by any of its names', async () => {
    const unanswered = { queries: [{ _id: 'q', text: 'why?' }], qrels: [{ query: 'p', document: 'd' }] };
    const path = '/v1/collections/books/reembed';
    const wrong = { embedding_model: 'next', eval: { ...unanswered, min_recall_at_10: 0.5 } };
    expect(await refused(ann.post(path, wrong))).to.deep.equal([422, 'validation_failed']);
    expect(await refused(ann.post(path, { embedding_model: 'all-minilm' }))).to.deep.equal([409, 'model_unchanged']);
  });

  it('is for the collection’s owner alone', async () => {
    const body = { embedding_model: 'next' };
    expect(await refused(bob.post('/v1/collections/books/reembed', body))).to.deep.equal([404, 'collection_not_found']);
    expect(await refused(bob.post('/v1/collections/books/rollback'))).to.deep.equal([404, 'collection_not_found']);
  });

  it('is not held up by a job that has ended', async () => {
    const { db } = fixture.database;
    await createCollection(db, 'ann', 'films', SETTINGS);
    const { generation: _, ...job } = await begin('films');
    const path = '/v1/collections/films/reembed';
    expect(await refused(ann.post(path, { embedding_model: 'third' }))).to.deep.equal([409, 'reembed_under_way']);
    await db.transaction((tx) => saveJobs(tx, [{ ...job, status: 'failed', finished_at: new Date().toISOString() }]));
    expect((await ann.post(path, { embedding_model: 'third' })).status).to.equal(202);
    const { generations } = CollectionView.parse((await ann.get('/v1/collections/films')).body);
    expect(generations.map(({ state }) => state)).to.deep.equal(['active']);
  });

  it('happens once at a time, and can be taken back while the former vectors are kept', async () => {
    expect(await refused(ann.post('/v1/collections/books/rollback'))).to.deep.equal([409, 'nothing_to_roll_back_to']);
    const { generation: next } = await begin('books');
    const again = ann.post('/v1/collections/books/reembed', { embedding_model: 'third' });
    expect(await refused(again)).to.deep.equal([409, 'reembed_under_way']);
    await switchGeneration(fixture.database.db, next.id, { partial: false });
    const { generations, ...shown } = CollectionView.parse((await ann.get('/v1/collections/books')).body);
    expect(shown).to.include({ embedding_model: 'next' });
    expect(generations.map(({ embedding_model, state }) => [embedding_model, state])).to.deep.equal([
      ['all-MiniLM-L6-v2', 'retired'],
      ['next', 'active'],
    ]);
    const [retired] = generations;
    const kept = Date.parse(retired?.kept_until ?? '') - Date.parse(retired?.retired_at ?? '');
    expect(kept).to.equal(fixture.gateway.rollbackTtlS * 1000);
    const { db } = fixture.database;
    const path = '/v1/collections/books/rollback';
    const back = await ann.post(path, undefined, { 'Idempotency-Key': 'back' });
    expect(back.status).to.equal(202);
    const wish = { collection: 'books', embedding_model: 'all-MiniLM-L6-v2' };
    const job = await fixture.stage.job(back.body.id);
    expect(job.input, 'what the former model cannot embed is not in the way').to.deep.equal({ ...wish, partial: true });
    const former = await beginGeneration(db, {
      ...{ owner: 'ann', collection: 'books', embedding_model: wish.embedding_model, hybrid_weight: 0.7, job: job.id },
    });
    const told = async () => {
      const { status, body } = await ann.post(path, undefined, { 'Idempotency-Key': 'back' });
      return [status, body.id];
    };
    expect(await told(), 'while it is under way').to.deep.equal([202, job.id]);
    await switchGeneration(db, former.id, { partial: true });
    expect(await told(), 'when it has happened').to.deep.equal([202, job.id]);
  });
});
