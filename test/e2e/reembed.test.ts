import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect } from 'chai';
import { client, type JobView } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import type { Warren } from '../support/warren.ts';
import { NEXT_EMBEDDING_MODEL, NEXT_POOL, system } from './system.ts';

const EMBEDDER = resolve(import.meta.dirname, '../../services/embedder/main.ts');
const FIRST_MODEL = 'all-MiniLM-L6-v2';
const COLLECTION = 'changing';
const DOCUMENTS = 24;
const PARAGRAPHS = 6;
const QUERY = 'What do foxes do at night?';

interface Result {
  readonly passage_id: string;
  readonly document_id: string;
  readonly text: string;
  readonly similarity: number;
  readonly explain: { readonly model: string; readonly generation: number };
}

interface Collection {
  readonly embedding_model: string;
  readonly dimensions: number;
  readonly generations: readonly { readonly embedding_model: string; readonly state: string }[];
}

type Api = ReturnType<typeof client>;

/** An embedder for the next model, as a process of its own. */
class NextEmbedder {
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;

  constructor(amqpUrl: string, provider: string) {
    this.#env = {
      ...process.env,
      ...{ AMQP_URL: amqpUrl, POOL: NEXT_POOL, LOG_LEVEL: 'error', EMBED_CONCURRENCY: '1' },
      ...{ EMBEDDER: 'ollama', EMBEDDING_MODEL: NEXT_EMBEDDING_MODEL, OLLAMA_HOST: provider },
    };
  }

  start(): void {
    this.#child = spawn(process.execPath, ['--import', 'tsx', EMBEDDER], { env: this.#env, stdio: 'ignore' });
  }

  async kill(): Promise<void> {
    if (this.#child === undefined || this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}

/** A document whose paragraphs are passages nobody else has. */
const documentOf = (id: string, version = 0) => ({
  id,
  title: id,
  metadata: { id },
  text: Array.from(
    { length: PARAGRAPHS },
    (_, n) =>
      `# Part ${n}\n\nPart ${n} of ${id} in version ${version}. ${'A fox tells the night what it saw. '.repeat(12)}`,
  ).join('\n\n'),
});

async function submitted(api: Api, path: string, body: unknown, key: string): Promise<string> {
  let id: string | undefined;
  await eventually(
    async () => {
      const answer = await api.call<JobView>('POST', path, body, { 'idempotency-key': key });
      if (answer.status !== 202) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
      id = answer.body.id;
      return true;
    },
    { within: 60_000, what: `${path} to be accepted` },
  );
  return id ?? '';
}

async function ingested(api: Api, documents: readonly { id: string }[], key: string): Promise<void> {
  const id = await submitted(api, `/v1/collections/${COLLECTION}/documents`, { documents }, key);
  const job = await api.done(id);
  expect(job.status, JSON.stringify(job.error)).to.equal('succeeded');
}

const collection = async (api: Api): Promise<Collection> =>
  (await api.call<Collection>('GET', `/v1/collections/${COLLECTION}`)).body;

async function search(api: Api, query: string, filter = {}): Promise<Result[]> {
  const body = { collection: COLLECTION, query, top_k: 50, mode: 'vector', explain: true, filter };
  const answer = await api.call<{ results: Result[] }>('POST', '/v1/search', body);
  expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
  return answer.body.results;
}

/** Searches again and again; what each model says of a passage must always be the same. */
class Searcher {
  readonly #api: Api;
  readonly #said = new Map<string, number>();
  readonly models = new Set<string>();
  searches = 0;
  stopped = false;

  constructor(api: Api) {
    this.#api = api;
  }

  async run(): Promise<void> {
    for (; !this.stopped; this.searches += 1) {
      const results = await search(this.#api, QUERY);
      expect(results.length, 'a search found nothing').to.be.above(0);
      const models = new Set(results.map(({ explain }) => `${explain.model} in ${explain.generation}`));
      expect([...models], 'a search compared vectors of two models').to.have.lengthOf(1);
      for (const result of results) this.#check(result);
    }
  }

  #check({ passage_id, similarity, explain: { model } }: Result): void {
    this.models.add(model);
    const key = `${model} ${passage_id}`;
    const before = this.#said.get(key) ?? similarity;
    expect(similarity, `similarity by ${model}`).to.be.closeTo(before, 1e-6);
    this.#said.set(key, before);
  }
}

/** New documents, new versions of old ones, and deletions, one after another. */
class Writer {
  readonly #api: Api;
  /** Version of each document there is. */
  readonly versions = new Map<string, number>();
  stopped = false;
  rounds = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  async run(): Promise<void> {
    for (; !this.stopped; this.rounds += 1) {
      const [fresh, old, gone] = [`live-${this.rounds}`, `base-${this.rounds % 12}`, `base-${12 + (this.rounds % 12)}`];
      const version = (this.versions.get(old) ?? 0) + 1;
      await ingested(this.#api, [documentOf(fresh), documentOf(old, version)], `round-${this.rounds}`);
      this.versions.set(fresh, 0).set(old, version);
      if (this.versions.has(gone)) await this.#delete(gone);
    }
  }

  async #delete(id: string): Promise<void> {
    const { status } = await this.#api.call('DELETE', `/v1/collections/${COLLECTION}/documents/${id}`);
    expect(status).to.equal(204);
    this.versions.delete(id);
  }
}

/** Every document that should be there is, in its last version, and every passage of it is found by its vector. */
async function expectWhole(api: Api, versions: ReadonlyMap<string, number>, model: string): Promise<void> {
  const page = await api.call<{ data: { id: string; status: string; passages: number }[] }>(
    'GET',
    `/v1/collections/${COLLECTION}/documents?limit=200`,
  );
  expect(page.body.data.map(({ id }) => id)).to.have.members([...versions.keys()]);
  expect(page.body.data.filter(({ status }) => status !== 'searchable')).to.deep.equal([]);
  for (const { id, passages } of page.body.data) {
    const results = await search(api, QUERY, { id });
    expect(results, `passages of ${id}`).to.have.lengthOf(passages);
    expect(new Set(results.map(({ explain }) => explain.model))).to.deep.equal(new Set([model]));
    for (const { text } of results) expect(text).to.include(`of ${id} in version ${versions.get(id)}`);
  }
}

describe('changing the embedding model', function () {
  this.timeout(300_000);
  let warren: Warren;
  let api: Api;
  let embedder: NextEmbedder;

  before(async () => {
    const { warren: started, provider } = await system();
    warren = started;
    api = client(warren.url);
    embedder = new NextEmbedder((await warren.run()).amqp_url, provider.url);
    embedder.start();
  });
  after(() => embedder?.kill());

  const progress = async (id: string) => (await api.job(id)).body.progress as { done: number; total: number };
  const grown = (id: string, from: number) =>
    eventually(async () => (await progress(id)).done > from, { within: 60_000, what: `more than ${from} passages` });

  it('goes on under kill -9 of embedder and orchestrator; searches and ingests notice nothing', async () => {
    const base = Array.from({ length: DOCUMENTS }, (_, n) => documentOf(`base-${n}`));
    await ingested(api, base, 'base');
    const searcher = new Searcher(api);
    const writer = new Writer(api);
    for (const { id } of base) writer.versions.set(id, 0);
    const stop = () => {
      searcher.stopped = true;
      writer.stopped = true;
    };
    const life = Promise.all([searcher.run(), writer.run()]).finally(stop);
    life.catch(() => undefined); // told below
    const change = async () => {
      const body = { embedding_model: NEXT_EMBEDDING_MODEL };
      const id = await submitted(api, `/v1/collections/${COLLECTION}/reembed`, body, 'change');
      await grown(id, 0);
      await embedder.kill();
      const { done, total } = await progress(id);
      expect(done, 'killed in the middle').to.be.below(total);
      embedder.start();
      await grown(id, done);
      const pid = await warren.kill('rag-orchestrator');
      await warren.healed('rag-orchestrator', pid);
      return await api.done(id);
    };
    try {
      const job = await change();
      expect(job.status, JSON.stringify(job.error)).to.equal('succeeded');
      expect(job.result).to.include({ embedding_model: NEXT_EMBEDDING_MODEL, dimensions: 64, refused: 0 });
      const { rounds } = writer;
      await eventually(() => writer.rounds > rounds + 1 || writer.stopped, {
        within: 60_000,
        what: 'ingests to go on',
      });
    } finally {
      stop();
    }
    await life;
    expect([...searcher.models]).to.have.members([FIRST_MODEL, NEXT_EMBEDDING_MODEL]);
    expect(await collection(api)).to.deep.include({ embedding_model: NEXT_EMBEDDING_MODEL, dimensions: 64 });
    await expectWhole(api, writer.versions, NEXT_EMBEDDING_MODEL);

    const back = await api.done(await submitted(api, `/v1/collections/${COLLECTION}/rollback`, undefined, 'back'));
    expect(back.status, JSON.stringify(back.error)).to.equal('succeeded');
    const { generations, embedding_model } = await collection(api);
    expect(embedding_model).to.equal(FIRST_MODEL);
    expect(generations.map(({ state }) => state)).to.deep.equal(['active', 'retired']);
    await expectWhole(api, writer.versions, FIRST_MODEL);
  });
});
