import { expect } from 'chai';
import { system } from '../e2e/system.ts';
import { client } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import type { Warren } from '../support/warren.ts';
import { audit, expectClean } from './ledger.ts';

const JOBS = 200;
const RECOVERY_MS = 180_000;
const FOX = 'The quick brown fox jumps over the lazy dog. Foxes live in burrows and hunt at night.';

/** Job number `n` of a mix of all types. */
function mixed(n: number, round: string): { type: string; input: Record<string, unknown> } {
  const kind = n % 10;
  if (kind < 3) return { type: 'embed', input: { texts: [`text ${n}`, FOX] } };
  if (kind < 5) return { type: 'generate', input: { prompt: `Say something about ${n}.` } };
  if (kind < 7) return { type: 'ask', input: { collection: 'chaos', question: 'Where do foxes live?' } };
  if (kind < 8) return { type: 'ask', input: { collection: 'chaos', question: 'Who jumps?', top_k: 3 } };
  const text = Array.from(
    { length: 12 },
    (_, line) => `Paragraph ${line} of document ${n} in round ${round}. ${FOX}`,
  ).join('\n\n');
  return {
    type: 'ingest',
    input: { collection: `chaos-${round}`, documents: [{ id: `d${n}`, title: `Document ${n}`, text }] },
  };
}

/** Submits until accepted; the key makes a repeat after a lost answer the same job. */
async function submitSurely(api: ReturnType<typeof client>, n: number, round: string): Promise<string> {
  const { type, input } = mixed(n, round);
  let id: string | undefined;
  await eventually(
    async () => {
      const answer = await api.submit(type, input, {}, { 'idempotency-key': `${round}-${n}` });
      if (answer.status !== 202) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
      id = answer.body.id;
      return true;
    },
    { within: 60_000, every: 200, what: `job ${n} to be accepted` },
  );
  if (id === undefined) throw new Error('accepted without an id');
  return id;
}

/** 200 mixed jobs, eight at a time, with a disaster when a quarter of them is in. */
async function underway(warren: Warren, round: string, disaster: () => Promise<void>): Promise<string[]> {
  const api = client(warren.url);
  const ids: string[] = [];
  let next = 0;
  let struck: Promise<void> | undefined;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (next < JOBS) {
        const n = next++;
        ids.push(await submitSurely(api, n, round));
        if (ids.length >= JOBS / 4) struck ??= disaster();
      }
    }),
  );
  await struck;
  return ids;
}

describe('kill -9 while 200 mixed jobs run', function () {
  this.timeout(300_000);
  let warren: Warren;

  before(async () => {
    ({ warren } = await system());
    const api = client(warren.url);
    const { body } = await api.submit('ingest', {
      collection: 'chaos',
      documents: [{ id: 'fox', title: 'Fox', text: FOX }],
    });
    expect((await api.done(body.id)).status).to.equal('succeeded');
  });

  for (const name of ['gateway', 'embedder', 'generator', 'rag-orchestrator', 'broker']) {
    it(`of the ${name}: every accepted job ends exactly once, no event is lost or doubled`, async () => {
      const api = client(warren.url);
      const ids = await underway(warren, name, async () => {
        const pid = await warren.kill(name);
        await warren.healed(name, pid);
      });
      expect(new Set(ids).size).to.equal(JOBS);
      expectClean(await audit(api, ids, RECOVERY_MS));
      await expectPassagesOnce(api, `chaos-${name}`);
    });
  }
});

/** Every document of the round is searchable, and no passage of it is there twice. */
async function expectPassagesOnce(api: ReturnType<typeof client>, collection: string): Promise<void> {
  const { body } = await api.call<{ data: { id: string; status: string; passages: number }[] }>(
    'GET',
    `/v1/collections/${collection}/documents?limit=200`,
  );
  expect(body.data).to.have.lengthOf(JOBS / 5);
  expect(body.data.filter(({ status }) => status !== 'searchable')).to.deep.equal([]);
  const found = await api.call<{ results: { passage_id: string; text: string; document_id: string }[] }>(
    'POST',
    '/v1/search',
    {
      collection,
      query: 'Paragraph 3',
      top_k: 100,
    },
  );
  const places = found.body.results.map(({ document_id, text }) => `${document_id}: ${text}`);
  expect(new Set(places).size).to.equal(places.length);
}
