import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import { appendEvents, lastSeq } from '../../shared/store/events.ts';
import { findOutputs, recordInbox } from '../../shared/store/inbox.ts';
import { lockJobs, saveJobs } from '../../shared/store/jobs.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { AT, sampleEvent, sampleJob } from './samples.ts';

const SET_UP_MS = 120_000;
const JOBS = 200;
const TURNS = 10;

/** What a turn of the orchestrator asks of the database. Prints its rate; how fast is fast enough depends on the machine. */
describe('a turn of 200 jobs', () => {
  let fresh: FreshDatabase;
  before(async function () {
    this.timeout(SET_UP_MS);
    fresh = await freshDatabase();
  });
  after(() => fresh?.drop());

  it('is six statements in one transaction', async function () {
    this.timeout(SET_UP_MS);
    const took: number[] = [];
    let last = '';
    for (let turn = 0; turn < TURNS; turn += 1) {
      const jobs = Array.from({ length: JOBS }, () => sampleJob({ id: newId('job'), last_seq: 2 }));
      const begun = performance.now();
      await fresh.db.transaction(async (tx) => {
        const ids = jobs.map(({ id }) => id);
        const messages = ids.map((id) => `${id}/job.submitted`);
        const [known, heard] = await Promise.all([lockJobs(tx, ids), findOutputs(tx, messages)]);
        expect(known.length + heard.size).to.equal(0);
        await Promise.all([
          saveJobs(tx, jobs),
          appendEvents(
            tx,
            ids.flatMap((id) => [sampleEvent(id, 1), sampleEvent(id, 2)]),
          ),
          recordInbox(
            tx,
            ids.map((job, index) => ({ id: messages[index] ?? '', job, outputs: { job, commands: [] }, at: AT })),
          ),
        ]);
      });
      took.push(performance.now() - begun);
      last = jobs.at(-1)?.id ?? '';
    }
    expect(await lastSeq(fresh.db, last)).to.equal(2);
    const median = took.toSorted((a, b) => a - b)[TURNS / 2] ?? 0;
    console.log(
      `      ${JOBS} jobs in ${median.toFixed(0)} ms (median of ${TURNS}): ${((JOBS * 1000) / median).toFixed(0)} jobs/s`,
    );
  });
});
