import { expect } from 'chai';
import pino from 'pino';
import { startSweeper } from '../../services/rag-orchestrator/sweeper.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { saveJobs } from '../../shared/store/jobs.ts';
import { sampleJob } from '../store/samples.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

const LONG_AGO = '2020-01-01T00:00:00.000Z';

describe('the sweeper', function () {
  this.timeout(60_000);
  let fresh: FreshDatabase;

  beforeEach(async () => {
    fresh = await freshDatabase();
  });
  afterEach(() => fresh.drop());

  it('forgets all that is past its time, however much, and wakes what is due', async () => {
    const old = Array.from({ length: 1_800 }, () =>
      sampleJob({ type: 'embed', status: 'succeeded', finished_at: LONG_AGO }),
    );
    const due = sampleJob({ status: 'scheduled', run_at: LONG_AGO });
    await fresh.db.transaction((tx) => saveJobs(tx, [...old, due]));
    const records: JournalRecord[] = [];
    const sweeps: number[] = [];
    const sweeper = startSweeper({
      db: fresh.db,
      bus: { append: async (batch) => void records.push(...batch) },
      admission: { sweep: async () => void sweeps.push(Date.now()) },
      generations: { sweep: async () => undefined },
      resultTtlS: 60,
      jobTtlS: 60,
      log: pino({ level: 'silent' }),
    });
    try {
      await eventually(async () => (await fresh.db.query('select from jobs')).length === 1, {
        within: 15_000,
        what: 'the old jobs to be gone',
      });
    } finally {
      await sweeper.close();
    }
    expect(records[0]).to.deep.include({ id: `${due.id}/job.due`, job: due.id });
    expect(sweeps).not.to.deep.equal([]);
  });
});
