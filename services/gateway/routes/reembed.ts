import { embeddingProfile } from '../../../shared/profiles/embedding-profile.ts';
import { type Generation, listGenerations } from '../../../shared/store/generations.ts';
import { draftOf, rollbackDraft } from '../accept/draft.ts';
import { CollectionPath, Reembedding } from '../api/collection.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import type { Gateway } from '../gateway.ts';
import { principalOf } from '../middleware/authenticate.ts';
import { Problem } from '../problem.ts';
import { collectionOf } from './collections.ts';
import { SUBMIT_ANSWERS, SUBMIT_HEADERS, SUBMIT_PROBLEMS, submit } from './submit.ts';

const common = {
  method: 'post',
  access: 'key',
  tag: 'Collections',
  headers: SUBMIT_HEADERS,
  params: CollectionPath,
  answers: SUBMIT_ANSWERS,
} as const;

export const reembedRoutes = (gateway: Gateway): Endpoint[] => [
  endpoint({
    ...common,
    path: '/v1/collections/:name/reembed',
    summary: 'Change the embedding model of a collection',
    description:
      'A `reembed` job. It makes vectors by the new model beside those that answer, and switches when no passage lacks one; documents that come meanwhile get both. With `eval` the questions are tried first: below `min_recall_at_10` the job fails with `recall_too_low` and nothing changes. A passage that the new model cannot embed fails the job with `partially_failed`, unless `partial` is set. The former vectors are kept for a while to go back to.',
    body: Reembedding,
    problems: [...SUBMIT_PROBLEMS, 'collection_not_found', 'model_unchanged', 'reembed_under_way'],
    handle: async (ctx, { params: { name: collection }, body }) => {
      const { owner } = principalOf(ctx);
      const kept = await generationsOf(gateway, owner, collection);
      // A repeated request may speak of the very job that is under way, or has been.
      if (ctx.get('Idempotency-Key') === '') {
        refuseSecond(kept);
        refuseSame(kept, collection, embeddingProfile(body.embedding_model).model);
      }
      await submit(gateway, ctx, draftOf(owner, { type: 'reembed', input: { ...body, collection } }));
    },
  }),
  endpoint({
    ...common,
    path: '/v1/collections/:name/rollback',
    summary: 'Go back to the former embedding model',
    description:
      'A `reembed` job to the model of the retired generation. Its vectors are still there; only what came since is embedded, by that model, before it answers again. What it cannot embed is found by its words alone.',
    problems: [...SUBMIT_PROBLEMS, 'collection_not_found', 'nothing_to_roll_back_to', 'reembed_under_way'],
    handle: async (ctx, { params: { name: collection } }) => {
      const { owner } = principalOf(ctx);
      const former = async () => {
        const kept = await generationsOf(gateway, owner, collection);
        refuseSecond(kept);
        return formerModel(kept, collection);
      };
      await submit(gateway, ctx, rollbackDraft(owner, collection, former));
    },
  }),
];

/** @throws {Problem} collection_not_found */
const generationsOf = async (gateway: Gateway, owner: string, name: string): Promise<Generation[]> =>
  listGenerations(gateway.reads, [(await collectionOf(gateway, owner, name)).id]);

/** Two at once cannot be, as the second job would find out. @throws {Problem} reembed_under_way */
function refuseSecond(kept: readonly Generation[]): void {
  const building = kept.find(({ state }) => state === 'building');
  if (building === undefined) return;
  throw new Problem('reembed_under_way', `job ${building.job ?? ''} is at it; wait for its end, or cancel it`);
}

/** @throws {Problem} model_unchanged */
function refuseSame(kept: readonly Generation[], collection: string, model: string): void {
  if (!kept.some((each) => each.state === 'active' && each.embedding_model === model)) return;
  throw new Problem('model_unchanged', `the vectors of collection "${collection}" are by ${model} already`);
}

/** @throws {Problem} nothing_to_roll_back_to */
function formerModel(kept: readonly Generation[], collection: string): string {
  const former = kept.find(({ state }) => state === 'retired');
  if (former !== undefined) return former.embedding_model;
  throw new Problem('nothing_to_roll_back_to', `collection "${collection}" keeps no vectors but those that answer`);
}
