import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import { openDatabase } from '../../shared/store/database.ts';
import { deleteDocument } from '../../shared/store/documents.ts';
import { StoreUnavailableError } from '../../shared/store/errors.ts';
import { renewDocument } from '../../shared/store/renew.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type Proxy as Link, startProxy } from '../support/proxy.ts';
import { rejected } from '../support/rejected.ts';

const SET_UP_MS = 120_000;
const edition = { collection_id: 1, document_id: 'a' };
const renewal = {
  ...edition,
  revision: newId('job'),
  fingerprint: 'none',
  title: 'A',
  source: undefined,
  metadata: {},
};

describe('a connection that is lost in a transaction', () => {
  let fresh: FreshDatabase;
  let link: Link;
  const left: unknown[] = [];
  const note = (reason: unknown) => left.push(reason);

  before(async function () {
    this.timeout(SET_UP_MS);
    fresh = await freshDatabase();
    link = await startProxy(fresh.url);
    // Mocha would fail whichever test comes next.
    process.prependListener('unhandledRejection', note);
  });
  after(async () => {
    process.off('unhandledRejection', note);
    await link?.close();
    await fresh?.drop();
  });

  const CASES = {
    'a renewal': (db: FreshDatabase['db']) => renewDocument(db, renewal),
    'a deletion': (db: FreshDatabase['db']) => deleteDocument(db, { collection_id: 1, id: 'a' }),
  };
  for (const [name, act] of Object.entries(CASES))
    it(`fails ${name} and nothing else: no rejection is left to end the process`, async () => {
      const db = openDatabase({ url: link.url });
      await db.ping();
      link.freeze();
      const failing = rejected(act(db), StoreUnavailableError);
      await new Promise((resolve) => setTimeout(resolve, 50)); // its statements are on their way, and none is answered
      link.cut();
      link.heal();
      await failing;
      await eventually(() => db.ping().then(() => true), { within: 5_000, what: 'a new connection' });
      expect(left).to.deep.equal([]);
      await db.close();
    });
});
