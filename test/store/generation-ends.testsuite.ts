import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import type { Database } from '../../shared/store/database.ts';
import { GenerationGone } from '../../shared/store/errors.ts';
import { abandonOrphans, droppedGenerations, dropRetired, shrinkDropped } from '../../shared/store/generations.ts';
import { saveJobs } from '../../shared/store/jobs.ts';
import { targetsOf } from '../../shared/store/passages.ts';
import { storeBuilt } from '../../shared/store/rebuild.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';
import { storeVectors } from '../../shared/store/vectors.ts';
import { rejected } from '../support/rejected.ts';
import { generationSteps, NEXT } from './generation-steps.ts';
import { ingest, prepare, sampleCollection, sampleJob } from './samples.ts';

export function generationEndsSuite(database: () => Database): void {
  const { running, end, begin, lacking, build, change, publish, byVector, states } = generationSteps(database);

  describe('generations of vectors that are retired or given up', () => {
    it('are gone back to with what came since', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, { id: 'cats', passages: [['cats purr', [1, 0]]] });
      const next = await begin(collection);
      await build(next.id, await lacking(next.id));
      await change(next.id);
      const edition = await prepare(database(), collection, { id: 'dogs', passages: [['dogs bark', null]] });
      const vectors = [vectorBase64(NEXT)];
      await database().transaction((tx) => storeVectors(tx, [{ ...edition, from: 0, vectors, model: 'next' }]));
      await publish(collection, edition);
      const back = await begin(collection, 'hand');
      expect(back).to.include({ id: collection.generation, state: 'building' });
      const since = await lacking(back.id);
      expect(since.map(({ text }) => text)).to.deep.equal(['dogs bark']);
      expect(await change(back.id)).to.include({ switched: false, lacking: 1 });
      const one = { generation: back.id, model: 'hand', passages: since, vectors: [vectorBase64([0, 1])], errors: {} };
      await database().transaction((tx) => storeBuilt(tx, [one]));
      expect(await change(back.id)).to.include({ switched: true, passages: 2 });
      expect(await states(collection)).to.deep.equal(['hand active', 'next retired']);
    });

    it('are given up with their job: new ones dropped, former ones kept', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, { id: 'cats', passages: [['cats purr', [1, 0]]] });
      const job = await running();
      const next = await begin(collection, 'next', job);
      await build(next.id, await lacking(next.id));
      const edition = await prepare(database(), collection, { id: 'dogs', passages: [['dogs bark', [1, 0]]] });
      await abandonOrphans(database());
      expect(await states(collection), 'while its job runs').to.deep.equal(['hand active', 'next building']);
      await end(job);
      await abandonOrphans(database());
      expect(await states(collection)).to.deep.equal(['hand active']);
      expect((await targetsOf(database(), edition)).map(({ embedding_model }) => embedding_model)).to.deep.equal([
        'hand',
      ]);
      await rejected(change(next.id), GenerationGone);
      await rejected(byVector(collection, NEXT, next.id), GenerationGone);
      expect((await droppedGenerations(database())).map(({ id }) => id)).to.include(next.id);
      expect(await shrinkDropped(database(), next.id, 1), 'bit by bit').to.equal(false);
      expect(await shrinkDropped(database(), next.id, 1)).to.equal(true);
      expect((await droppedGenerations(database())).map(({ id }) => id)).not.to.include(next.id);
    });

    it('are dropped when they were kept long enough', async () => {
      const collection = await sampleCollection(database());
      const next = await begin(collection);
      await change(next.id);
      await dropRetired(database(), 3600);
      expect(await states(collection)).to.deep.equal(['hand retired', 'next active']);
      await dropRetired(database(), 0);
      expect(await states(collection)).to.deep.equal(['next active']);
    });

    it('are in nobody’s way from the moment their job has ended', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, { id: 'cats', passages: [['cats purr', [1, 0]]] });
      const failed = await running();
      const given = await begin(collection, 'next', failed);
      await end(failed);
      expect(await states(collection)).to.deep.equal(['hand active']);
      const two = await Promise.allSettled([begin(collection, 'next'), begin(collection, 'third')]);
      const [begun] = two.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(two.map(({ status }) => status)).to.have.members(['fulfilled', 'rejected']);
      expect(begun?.id).not.to.equal(given.id);
      await abandonOrphans(database());
      expect(await states(collection)).to.deep.equal(['hand active', `${begun?.embedding_model} building`]);
      expect((await droppedGenerations(database())).map(({ id }) => id)).to.include(given.id);
    });

    it('can be gone back to from the moment a first try of that has ended', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, { id: 'cats', passages: [['cats purr', [1, 0]]] });
      const next = await begin(collection);
      await build(next.id, await lacking(next.id));
      await change(next.id);
      const failed = await running();
      await begin(collection, 'hand', failed);
      await end(failed);
      expect(await states(collection)).to.deep.equal(['hand retired', 'next active']);
      expect(await begin(collection, 'hand')).to.include({ id: collection.generation, state: 'building' });
    });

    it('tell their dropping to the ingests under way', async () => {
      const collection = await sampleCollection(database());
      const [open, over] = [newId('job'), newId('job')];
      const of = { owner: collection.owner, collection: collection.name, type: 'ingest' } as const;
      await database().transaction((tx) =>
        saveJobs(tx, [
          sampleJob({ ...of, id: open, status: 'running' }),
          sampleJob({ ...of, id: over, status: 'succeeded', finished_at: new Date().toISOString() }),
        ]),
      );
      const job = await running();
      const next = await begin(collection, 'next', job);
      await end(job);
      await abandonOrphans(database());
      const dropped = (await droppedGenerations(database())).find(({ id }) => id === next.id);
      expect(dropped?.ingests).to.deep.equal([open]);
    });
  });
}
