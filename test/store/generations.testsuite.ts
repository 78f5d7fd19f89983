import { expect } from 'chai';
import { findCollection, lockCollections } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { ModelUnchanged, ReembedUnderWay } from '../../shared/store/errors.ts';
import { activeModels } from '../../shared/store/generations.ts';
import { saveJobs } from '../../shared/store/jobs.ts';
import { countLacking } from '../../shared/store/rebuild.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';
import { rejected } from '../support/rejected.ts';
import { generationSteps, NEXT } from './generation-steps.ts';
import { ingest, sampleCollection, sampleJob } from './samples.ts';

export function generationsSuite(database: () => Database): void {
  const { running, begin, lacking, build, change, byVector, states } = generationSteps(database);

  describe('generations of vectors', () => {
    it('are built beside the active one and switched to at once', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, {
        id: 'cats',
        passages: [
          ['cats purr', [1, 0]],
          ['cats sleep', [0, 1]],
        ],
      });
      const next = await begin(collection);
      expect(next).to.include({ state: 'building', embedding_model: 'next', dimensions: null });
      expect(await countLacking(database(), next.id)).to.equal(2);
      const passages = await lacking(next.id);
      expect(passages.map(({ text }) => text)).to.deep.equal(['cats purr', 'cats sleep']);
      await build(next.id, passages.slice(0, 1));
      expect(await change(next.id)).to.include({ switched: false, lacking: 1 });
      expect(await states(collection)).to.deep.equal(['hand active', 'next building']);
      await build(next.id, passages);
      const switched = await change(next.id);
      expect(switched).to.include({ switched: true, passages: 2, dimensions: 3, refused: 0 });
      expect(await change(next.id), 'a second time').to.deep.equal(switched);
      expect(await states(collection)).to.deep.equal(['hand retired', 'next active']);
      expect(await findCollection(database(), collection.owner, collection.name)).to.include({
        embedding_model: 'next',
        dimensions: 3,
        hybrid_weight: 0.5,
      });
      expect(await byVector(collection, NEXT)).to.have.lengthOf(2);
      expect(await byVector(collection, [1, 0], collection.generation), 'a search under way').to.have.lengthOf(2);
    });

    it('are begun once by a job, and by one job at a time', async () => {
      const collection = await sampleCollection(database());
      const job = await running();
      const next = await begin(collection, 'next', job);
      expect(await begin(collection, 'next', job)).to.deep.equal(next);
      await rejected(begin(collection, 'third'), ReembedUnderWay);
      const other = await sampleCollection(database());
      await rejected(begin(other, 'hand'), ModelUnchanged);
      const two = await Promise.allSettled([begin(other, 'one'), begin(other, 'two')]);
      expect(two.filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(1);
    });

    it('begin and become active although somebody holds their collection at all times', async () => {
      const collection = await sampleCollection(database());
      const name = { owner: collection.owner, collection: collection.name };
      let busy = true;
      const holders = Array.from({ length: 4 }, async (_, n) => {
        await database().query(`select pg_sleep(${n * 0.01})`);
        while (busy) {
          await database().transaction(async (tx) => {
            void lockCollections(tx, [name]);
            await tx.query('select pg_sleep(0.04)');
          });
        }
      });
      const begun = performance.now();
      const next = await begin(collection);
      const { switched } = await change(next.id);
      const ms = performance.now() - begun;
      busy = false;
      await Promise.all(holders);
      expect(switched).to.equal(true);
      expect(ms).to.be.below(5_000);
    }).retries(MEASURED_AGAIN);

    it('tell which passages their model cannot embed, and switch only if that does not matter', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, {
        id: 'cats',
        passages: [
          ['cats purr', [1, 0]],
          ['cats are poison', [0, 1]],
          ['cats are many', [1, 1]],
        ],
      });
      const next = await begin(collection);
      const [purr, poison, many] = await lacking(next.id);
      if (purr === undefined || poison === undefined || many === undefined) throw new Error('passages are missing');
      await build(next.id, [purr]);
      await build(next.id, [poison], null);
      await build(next.id, [many], [1, 2, 3, 4]);
      expect(await lacking(next.id), 'are asked for no more').to.deep.equal([]);
      const verdict = await change(next.id);
      expect(verdict).to.include({ switched: false, lacking: 0, refused: 2 });
      expect(verdict.refusals.map(({ document_id, error }) => [document_id, error])).to.deep.equal([
        ['cats', 'too long'],
        ['cats', 'its vector cannot be compared with the others'],
      ]);
      expect(await change(next.id, true)).to.include({ switched: true, passages: 1, refused: 2 });
    });

    it('say what model a job that looks into a collection must name', async () => {
      const collection = await sampleCollection(database());
      const at = { owner: collection.owner, collection: collection.name };
      const job = sampleJob({ ...at, type: 'search' });
      await database().transaction((tx) => saveJobs(tx, [job]));
      const model = { ...at, embedding_model: 'hand', settled: false };
      expect(await activeModels(database(), { collections: [at], jobs: [] })).to.deep.equal([model]);
      expect(await activeModels(database(), { collections: [], jobs: [job.id] })).to.deep.equal([model]);
      expect(await activeModels(database(), { collections: [{ ...at, collection: 'no' }], jobs: [] })).to.deep.equal(
        [],
      );
      await ingest(database(), collection, { id: 'cats', passages: [['cats purr', [1, 0]]] });
      expect(await activeModels(database(), { collections: [at], jobs: [job.id] })).to.deep.equal([
        { ...model, settled: true },
      ]);
    });
  });
}
