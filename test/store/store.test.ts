import { type FreshDatabase, freshPglite, freshPostgres, POSTGRES_URL } from '../support/database.ts';
import { collectionsSuite } from './collections.testsuite.ts';
import { documentsSuite } from './documents.testsuite.ts';
import { editionsSuite } from './editions.testsuite.ts';
import { filterSuite } from './filter.testsuite.ts';
import { generationEndsSuite } from './generation-ends.testsuite.ts';
import { generationIngestsSuite } from './generation-ingests.testsuite.ts';
import { generationsSuite } from './generations.testsuite.ts';
import { jobsSuite } from './jobs.testsuite.ts';
import { journalSuite } from './journal.testsuite.ts';
import { keysSuite } from './keys.testsuite.ts';
import { renewalSuite } from './renewal.testsuite.ts';
import { replacingSuite } from './replacing.testsuite.ts';
import { searchSuite } from './search.testsuite.ts';
import { sharesSuite } from './shares.testsuite.ts';

const SET_UP_MS = 120_000;

/** The store keeps the same promises on every database. */
function conformance(name: string, open: () => Promise<FreshDatabase>): void {
  describe(`the store on ${name}`, () => {
    let fresh: FreshDatabase;
    before(async function () {
      this.timeout(SET_UP_MS);
      fresh = await open();
    });
    after(() => fresh?.drop());
    const database = () => fresh.db;
    for (const suite of [
      jobsSuite,
      journalSuite,
      keysSuite,
      collectionsSuite,
      editionsSuite,
      generationsSuite,
      generationIngestsSuite,
      generationEndsSuite,
      documentsSuite,
      renewalSuite,
      replacingSuite,
      searchSuite,
      filterSuite,
      sharesSuite,
    ])
      suite(database);
  });
}

conformance('PGlite', freshPglite);

const server = POSTGRES_URL;
if (server === undefined) it.skip('the store on Postgres: neither TEST_DATABASE_URL nor DATABASE_URL names a server');
else conformance('Postgres', () => freshPostgres(server));
