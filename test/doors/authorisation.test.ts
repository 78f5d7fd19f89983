import { expect } from 'chai';
import type { Endpoint } from '../../services/gateway/endpoint.ts';
import { ANN, BOB, client, ROOT, START_TIMEOUT_MS } from '../services/gateway/fixture.ts';
import { ANNS_SECRET, type House, house } from './house.ts';

/** Who knocks: without a key, with one that nobody has, with another's, with the owner's, with an admin's. */
const CALLERS = { nobody: '', stranger: 'not-a-key-0001', bob: BOB, ann: ANN, admin: ROOT } as const;
type Caller = keyof typeof CALLERS;

/** Routes that name a thing of ann's: for others it does not exist. */
const isAnns = (path: string): boolean => /^\/v1\/(jobs|collections)\/:/.test(path);

/** Makes a collection for its caller by that name, which is the caller's own then. */
const MAKES_ITS_OWN = 'post /v1/collections/:name/documents';

/** What a caller must get, or what must not be refused for want of a right. */
function verdict({ access, method, path }: Endpoint, caller: Caller): number | 'let in' {
  if (access === 'public') return 'let in';
  if (caller === 'nobody' || caller === 'stranger') return 401;
  if (access === 'admin') return caller === 'admin' ? 'let in' : 403;
  const foreign = caller !== 'ann' && isAnns(path) && `${method} ${path}` !== MAKES_ITS_OWN;
  return foreign ? 404 : 'let in';
}

const BODIES: Readonly<Record<string, unknown>> = {
  '/v1/collections/:name/documents': { documents: [{ text: 'mine' }] },
  '/v1/collections/:name/reembed': { embedding_model: 'another' },
};

describe('doors: every route for every caller', () => {
  let home: House;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    home = await house();
  });
  after(() => home?.stop());

  for (const caller of Object.keys(CALLERS) as Caller[]) {
    it(`${caller} gets what is theirs and nothing else`, async function () {
      this.timeout(60_000);
      const call = client(home.url, CALLERS[caller]).call;
      // What deletes goes last: the others need something to knock at.
      const endpoints = [...home.endpoints].sort(
        (a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'),
      );
      const seen = [];
      for (const endpoint of endpoints) {
        const wanted = verdict(endpoint, caller);
        if (caller === 'ann' && endpoint.method === 'delete') continue; // a right, and the end of this house
        const body = endpoint.method === 'post' ? (BODIES[endpoint.path] ?? {}) : undefined;
        const answer = await call(endpoint.method.toUpperCase(), home.pathTo(endpoint.path), body);
        const where = `${caller}: ${endpoint.method} ${endpoint.path} answered ${answer.status}`;
        if (wanted === 'let in') expect(answer.status, where).not.to.be.oneOf([401, 403]);
        else expect(answer.status, where).to.equal(wanted);
        if (answer.status >= 400) expect(answer.headers.get('content-type'), where).to.contain('problem+json');
        const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
        if (caller !== 'ann') expect(text, where).not.to.contain(ANNS_SECRET);
        seen.push(endpoint);
      }
      expect(seen.length, 'routes tried').to.be.above(25);
    });
  }
});
