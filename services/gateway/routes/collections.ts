import { collectionDefaults } from '../../../shared/config/collection-defaults.ts';
import {
  type Collection,
  type CollectionSize,
  collectionSizes,
  createCollection,
  deleteCollection,
  findCollection,
  listCollections,
  listLanguages,
} from '../../../shared/store/collections.ts';
import { CollectionExists } from '../../../shared/store/errors.ts';
import { type Generation, listGenerations } from '../../../shared/store/generations.ts';
import {
  CollectionPage,
  CollectionPath,
  CollectionView,
  type GenerationView,
  NewCollection,
} from '../api/collection.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import type { Gateway } from '../gateway.ts';
import { principalOf } from '../middleware/authenticate.ts';
import { validationFailed } from '../middleware/validate.ts';
import { Problem } from '../problem.ts';

const common = { access: 'key', tag: 'Collections' } as const;

export const collectionRoutes = (gateway: Gateway): Endpoint[] => [
  endpoint({
    ...common,
    method: 'post',
    path: '/v1/collections',
    summary: 'Make a collection',
    description: 'An ingest makes its collection by itself; this is for other settings than the defaults.',
    body: NewCollection,
    answers: { 201: { description: 'It is there.', schema: CollectionView, headers: ['Location'] } },
    problems: ['collection_exists', 'store_unavailable'],
    handle: async (ctx, { body: { name, embedding_model, language, chunking } }) => {
      if (language !== undefined) await checkLanguage(gateway, language);
      const settings = {
        ...gateway.collectionDefaults,
        ...(embedding_model === undefined ? {} : collectionDefaults({ embeddingModel: embedding_model })),
        ...(language === undefined ? {} : { language }),
        ...(chunking === undefined ? {} : { chunk_size: chunking.size, chunk_overlap: chunking.overlap }),
      };
      const made = await createCollection(gateway.db, principalOf(ctx).owner, name, settings).catch(refuseTwin);
      ctx.status = 201;
      ctx.set('Location', `/v1/collections/${name}`);
      [ctx.body] = await viewsOf(gateway, [made]);
    },
  }),
  endpoint({
    ...common,
    method: 'get',
    path: '/v1/collections',
    summary: 'List collections',
    answers: { 200: { description: 'All of them, by name.', schema: CollectionPage } },
    problems: ['store_unavailable'],
    handle: async (ctx) => {
      const collections = await listCollections(gateway.reads, principalOf(ctx).owner);
      ctx.body = { data: await viewsOf(gateway, collections), has_more: false, next_cursor: null };
    },
  }),
  endpoint({
    ...common,
    method: 'get',
    path: '/v1/collections/:name',
    summary: 'Read a collection',
    params: CollectionPath,
    answers: { 200: { description: 'The collection.', schema: CollectionView } },
    problems: ['collection_not_found', 'store_unavailable'],
    handle: async (ctx, { params: { name } }) => {
      const [view] = await viewsOf(gateway, [await collectionOf(gateway, principalOf(ctx).owner, name)]);
      ctx.body = view;
    },
  }),
  endpoint({
    ...common,
    method: 'delete',
    path: '/v1/collections/:name',
    summary: 'Delete a collection with all its documents',
    params: CollectionPath,
    answers: { 204: { description: 'It is gone.' } },
    problems: ['collection_not_found', 'store_unavailable'],
    handle: async (ctx, { params: { name } }) => {
      if (!(await deleteCollection(gateway.db, principalOf(ctx).owner, name))) throw notFound(name);
      ctx.status = 204;
    },
  }),
];

/** @throws {Problem} collection_not_found */
export async function collectionOf({ reads }: Gateway, owner: string, name: string): Promise<Collection> {
  const collection = await findCollection(reads, owner, name);
  if (collection === undefined) throw notFound(name);
  return collection;
}

const notFound = (name: string) =>
  new Problem('collection_not_found', `there is no collection "${name.slice(0, 130)}"`);

/** @throws {Problem} validation_failed, saying which there are */
async function checkLanguage({ reads }: Gateway, language: string): Promise<void> {
  const languages = await listLanguages(reads);
  if (languages.includes(language)) return;
  throw validationFailed([{ pointer: '/language', detail: `the database has ${languages.join(', ')}` }]);
}

function refuseTwin(error: unknown): never {
  throw error instanceof CollectionExists ? new Problem('collection_exists', error.message, { cause: error }) : error;
}

async function viewsOf(
  { reads, rollbackTtlS }: Gateway,
  collections: readonly Collection[],
): Promise<CollectionView[]> {
  const ids = collections.map(({ id }) => id);
  const [sizes, generations] = await Promise.all([collectionSizes(reads, ids), listGenerations(reads, ids)]);
  const sizeOf = new Map(sizes.map((size) => [size.id, size]));
  return collections.map((collection) => {
    const own = generations.filter(({ collection_id }) => collection_id === collection.id);
    return viewOf(
      collection,
      own.map((generation) => generationView(generation, rollbackTtlS)),
      sizeOf.get(collection.id),
    );
  });
}

type Size = Omit<CollectionSize, 'id'>;

const viewOf = (
  collection: Collection,
  generations: GenerationView[],
  { documents, passages }: Size = { documents: 0, passages: 0 },
): CollectionView => ({
  object: 'collection',
  name: collection.name,
  embedding_model: collection.embedding_model,
  dimensions: collection.dimensions,
  generations,
  language: collection.language,
  chunking: { size: collection.chunk_size, overlap: collection.chunk_overlap },
  documents,
  passages,
  created_at: collection.created_at,
});

const SECOND_MS = 1000;

function generationView(generation: Generation, rollbackTtlS: number): GenerationView {
  const { id, embedding_model, dimensions, state, job, created_at, activated_at, retired_at } = generation;
  const keptUntil = () => new Date(Date.parse(retired_at ?? created_at) + rollbackTtlS * SECOND_MS).toISOString();
  return {
    id,
    embedding_model,
    dimensions,
    state,
    ...(job === null ? {} : { job }),
    created_at,
    ...(activated_at === null ? {} : { activated_at }),
    ...(retired_at === null ? {} : { retired_at }),
    ...(state === 'retired' ? { kept_until: keptUntil() } : {}),
  };
}
