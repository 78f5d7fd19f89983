import { expect } from 'chai';
import fc from 'fast-check';
import pino from 'pino';
import { READING_LIMITS } from '../../services/rag-orchestrator/reading/limits.ts';
import { Readers } from '../../services/rag-orchestrator/reading/readers.ts';
import { isTerminal } from '../../shared/messages/job.ts';
import { findCollection } from '../../shared/store/collections.ts';
import { listGenerations } from '../../shared/store/generations.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { CollectionLife } from './collection-life.ts';

const SET_UP_MS = 120_000;
const STEPS = 120;
const RUNS = 5;
/** More passages than are handed out at once. */
const LONG_SENTENCES = 420;

const sentences = (id: string, version: number, count: number): string =>
  Array.from({ length: count }, (_, n) => `In version ${version} of ${id} the line ${n} says nothing.`).join(' ');

/** The same lives in every run; `REEMBED_SEED` tries others. */
const SEED = Number(process.env.REEMBED_SEED ?? 11);

describe('a collection that is re-embedded', function () {
  this.timeout(SET_UP_MS);
  let fresh: FreshDatabase;
  let readers: Readers;
  let lives = 0;
  before(async () => {
    fresh = await freshDatabase();
    readers = new Readers(READING_LIMITS, pino({ level: 'silent' }));
  });
  after(() => fresh?.drop());

  async function alive(): Promise<{ life: CollectionLife; owner: string }> {
    const owner = `owner-${++lives}`;
    const life = new CollectionLife(fresh.db, owner, readers);
    await life.begin();
    return { life, owner };
  }

  /** Everything that waits, until nothing does. */
  async function settle(life: CollectionLife): Promise<void> {
    for (let idle = 0; idle < 3; ) {
      const busy = life.waiting.length + life.unheard.length > 0;
      while (life.waiting.length > 0) await life.carryOut(0);
      while (life.unheard.length > 0) await life.hear(0);
      await life.sweep();
      idle = busy ? 0 : idle + 1;
    }
  }

  const EVAL = { queries: [{ _id: 'q', text: 'line 1 of cats' }], qrels: [{ query: 'q', document: 'cats' }] };

  it('is asked the questions of its gate, and stays as it was when the answers are wrong', async () => {
    const { life, owner } = await alive();
    await life.ingest('cats', sentences('cats', 0, 3));
    await life.ingest('dogs', sentences('dogs', 0, 3));
    await settle(life);
    const strict = { ...EVAL, qrels: [{ query: 'q', document: 'birds' }], min_recall_at_10: 0.5 };
    await life.submit('reembed', { embedding_model: 'two', eval: strict });
    await settle(life);
    expect((await life.job(life.jobs.at(-1) ?? '')).error).to.include({ code: 'recall_too_low' });
    expect(await findCollection(fresh.db, owner, 'docs')).to.include({ embedding_model: 'one' });
    expect(await life.holes()).to.deep.equal({ lacking: 0, stray: 0 });
    await life.submit('reembed', { embedding_model: 'two', eval: { ...EVAL, min_recall_at_10: 1 } });
    await settle(life);
    const { status, result } = await life.job(life.jobs.at(-1) ?? '');
    expect(status).to.equal('succeeded');
    expect(result).to.include({ embedding_model: 'two', dimensions: 3, recall_at_10: 1 });
  });

  it('has no hole, whatever is ingested, deleted, cancelled and searched in whatever order meanwhile', async function () {
    this.timeout(SET_UP_MS * 2);
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(1_000_000)), async (random) => {
        const any = (below: number): number => (random.next().value ?? 0) % Math.max(1, below);
        const { life, owner } = await alive();
        const wanted = new Map<string, number>();
        for (let step = 0; step < STEPS; step += 1) await happen(life, wanted, step, any);
        await settle(life);
        await expectWhole(life, owner, wanted);
      }),
      { seed: SEED, numRuns: RUNS, endOnFailure: true },
    );
  });

  /** One of the things that may happen next. */
  async function happen(
    life: CollectionLife,
    wanted: Map<string, number>,
    step: number,
    any: (below: number) => number,
  ): Promise<void> {
    const id = `d${any(5)}`;
    switch (any(16)) {
      case 0:
      case 1:
        wanted.set(id, step);
        return life.ingest(id, sentences(id, step, any(12) === 0 ? LONG_SENTENCES : 1 + any(6)));
      case 2:
        wanted.delete(id);
        return life.delete(id);
      case 3:
        return life.submit('reembed', { embedding_model: ['one', 'two', 'three'][any(3)] });
      case 4:
        return life.submit('search', { query: 'line', mode: 'vector', top_k: 100, explain: true });
      case 5: {
        const job = life.jobs[any(life.jobs.length)];
        const isReembed = job !== undefined && (await life.job(job)).type === 'reembed';
        return isReembed && any(2) === 0 ? life.cancel(job) : life.sweep();
      }
      default:
        return any(2) === 0 && life.unheard.length > 0
          ? life.hear(any(life.unheard.length))
          : life.carryOut(any(life.waiting.length));
    }
  }

  async function expectWhole(life: CollectionLife, owner: string, wanted: ReadonlyMap<string, number>): Promise<void> {
    const jobs = await Promise.all(life.jobs.map((id) => life.job(id)));
    expect(
      jobs.filter(({ status }) => !isTerminal(status)).map(({ id }) => id),
      'unfinished',
    ).to.deep.equal([]);
    const lost = jobs.filter(({ type, status }) => (type === 'search' || type === 'ingest') && status !== 'succeeded');
    expect(
      lost.map(({ type, error }) => [type, error]),
      'failed',
    ).to.deep.equal([]);
    const documents = await life.documents();
    // A document deleted before its ingest got to it may be there or not.
    expect(documents.map((document) => document.id)).to.include.members([...wanted.keys()]);
    for (const document of documents) expect(document).to.include({ status: 'searchable', failed_passages: 0 });
    expect(await life.holes()).to.deep.equal({ lacking: 0, stray: 0 });
    const collection = await findCollection(fresh.db, owner, 'docs');
    const kept = await listGenerations(fresh.db, [collection?.id ?? 0]);
    expect(kept.filter(({ state }) => state === 'building')).to.deep.equal([]);
  }
});
