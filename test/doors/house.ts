import { routesOf } from '../../services/gateway/routes/routes.ts';
import { createCollection } from '../../shared/store/collections.ts';
import { upsertPending } from '../../shared/store/documents.ts';
import { ANN, client, EMBED, type Fixture, startFixture } from '../services/gateway/fixture.ts';

/** A gateway, and in it things of ann's that nobody else may see, change or hear of. */
export interface House extends Fixture {
  readonly endpoints: ReturnType<typeof routesOf>;
  readonly annsJob: string;
  /** Fills the parameters of a path with the names of ann's things. */
  pathTo(pattern: string): string;
}

/** Stands in everything that is ann's; an answer to anybody else that has it has crossed a border. */
export const ANNS_SECRET = 'ann-speaks-of-burrows';
export const ANNS_COLLECTION = 'anns-notes';
export const ANNS_DOCUMENT = 'anns-diary';

export async function house(): Promise<House> {
  const fixture = await startFixture({ limits: { searchMs: 50, birthMs: 200 } });
  const ann = client(fixture.url, ANN);
  const wish = { ...EMBED, input: { texts: [ANNS_SECRET] }, metadata: { note: ANNS_SECRET }, tags: [ANNS_SECRET] };
  const { body } = await ann.post('/v1/jobs', wish);
  await fixture.stage.job(body.id);
  const { id: collection_id } = await createCollection(fixture.database.db, 'ann', ANNS_COLLECTION, {
    embedding_model: 'm',
    chunk_size: 200,
    chunk_overlap: 0,
  });
  await upsertPending(fixture.database.db, [
    {
      collection_id,
      id: ANNS_DOCUMENT,
      owner: 'ann',
      revision: body.id,
      title: ANNS_SECRET,
      mime_type: 'text/plain',
      metadata: { note: ANNS_SECRET },
      bytes: 1,
    },
  ]);
  const endpoints = routesOf(fixture.gateway);
  return {
    ...fixture,
    endpoints,
    annsJob: body.id,
    pathTo: (pattern) =>
      pattern
        .replace('/v1/jobs/:id', `/v1/jobs/${body.id}`)
        .replace(':name', ANNS_COLLECTION)
        .replace('/documents/:id', `/documents/${ANNS_DOCUMENT}`)
        .replace(/:\w+/g, 'dl_019b2f4e-7c1a-7b35-a2c4-6f7e8d9c0b1a'),
  };
}
