import { type Collection, lockCollections } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { beginGeneration, listGenerations } from '../../shared/store/generations.ts';
import { saveJobs } from '../../shared/store/jobs.ts';
import type { Edition } from '../../shared/store/passages.ts';
import { publishDocument } from '../../shared/store/publish.ts';
import { lackingPassages, type PassageKey, storeBuilt, switchGeneration } from '../../shared/store/rebuild.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';
import { sampleJob } from './samples.ts';

/** Vectors of the next model have a dimension more. */
export const NEXT = [3, 4, 0];
const FIRST = { edition: 0, ord: -1 };

/** What a reembed does to a collection, one step after the other, on the database of a suite. */
export function generationSteps(database: () => Database) {
  const running = async () => {
    const job = sampleJob({ type: 'reembed', status: 'running' });
    await database().transaction((tx) => saveJobs(tx, [job]));
    return job.id;
  };
  const end = (id: string) =>
    database().transaction((tx) =>
      saveJobs(tx, [sampleJob({ id, status: 'failed', finished_at: new Date().toISOString() })]),
    );
  const begin = async ({ owner, name }: Collection, model = 'next', job?: string) =>
    beginGeneration(database(), {
      ...{ owner, collection: name, embedding_model: model, hybrid_weight: 0.5 },
      job: job ?? (await running()),
    });
  const lacking = (generation: number) => lackingPassages(database(), { generation, after: FIRST, limit: 100 });
  const build = async (generation: number, passages: readonly PassageKey[], vector: readonly number[] | null = NEXT) =>
    database().transaction((tx) =>
      storeBuilt(tx, [
        {
          generation,
          model: 'next',
          passages,
          vectors: passages.map(() => (vector === null ? null : vectorBase64(vector))),
          errors: vector === null ? { 0: 'too long' } : {},
        },
      ]),
    );
  const change = (generation: number, partial = false) => switchGeneration(database(), generation, { partial });
  const publish = ({ owner, name }: Collection, edition: Edition) =>
    database().transaction(async (tx) => {
      void lockCollections(tx, [{ owner, collection: name }]);
      await publishDocument(tx, { ...edition, status: 'searchable' });
    });
  const byVector = ({ owner, name }: Collection, vector: readonly number[], generation?: number) =>
    searchPassages(database(), {
      ...{ owner, collection: name, query: '', top_k: 10, mode: 'vector', vector: vectorBase64(vector) },
      ...(generation === undefined ? {} : { generation }),
    });
  const states = async ({ id }: Collection) =>
    (await listGenerations(database(), [id])).map(({ embedding_model, state }) => `${embedding_model} ${state}`);
  return { running, end, begin, lacking, build, change, publish, byVector, states };
}
