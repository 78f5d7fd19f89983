import { expect } from 'chai';
import pino from 'pino';
import { Said } from '../../services/rag-orchestrator/said.ts';
import { Admission } from '../../services/rag-orchestrator/shares/admission.ts';
import { Pace } from '../../services/rag-orchestrator/shares/pace.ts';
import { startSweeper } from '../../services/rag-orchestrator/sweeper.ts';
import { pause } from '../../shared/bus/pause.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { ABANDONED, getDocument } from '../../shared/store/documents.ts';
import { saveJobs } from '../../shared/store/jobs.ts';
import { prepare, sampleCollection, sampleJob } from '../store/samples.ts';
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

  it('ends the documents of an ingest that ended without them, before it forgets the job', async () => {
    const stopped = sampleJob({ type: 'ingest', status: 'cancelled', finished_at: LONG_AGO });
    await fresh.db.transaction((tx) => saveJobs(tx, [stopped]));
    const collection = await sampleCollection(fresh.db);
    await prepare(fresh.db, collection, { id: 'left', revision: stopped.id, passages: [['dogs bark', [1, 0]]] });
    const sweeper = startSweeper({
      db: fresh.db,
      bus: { append: async () => undefined },
      admission: { sweep: async () => undefined },
      generations: { sweep: async () => undefined },
      resultTtlS: 60,
      jobTtlS: 60,
      log: pino({ level: 'silent' }),
    });
    try {
      await eventually(async () => (await fresh.db.query('select from jobs')).length === 0, {
        within: 15_000,
        what: 'the job to be gone',
      });
    } finally {
      await sweeper.close();
    }
    const document = await getDocument(fresh.db, { collection_id: collection.id, id: 'left' });
    expect(document).to.include({ status: 'failed', error: ABANDONED });
    expect(await fresh.db.query('select from passages')).to.have.lengthOf(0);
  });

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

  it('says each job once, however long the journal takes to hear of it', async () => {
    const jobs = [
      sampleJob({ status: 'scheduled', run_at: LONG_AGO }),
      sampleJob({ status: 'running', deadline_at: LONG_AGO }),
      ...Array.from({ length: 4 }, () => sampleJob({ type: 'embed', waiting: true })),
    ];
    const [due, overdue, first, second, third] = jobs.map(({ id }) => id);
    await fresh.db.transaction((tx) => saveJobs(tx, jobs));
    const journal: string[] = [];
    const refused = new Set<string>();
    const append = async (batch: readonly JournalRecord[]) => {
      const type = batch[0]?.event.type;
      if (type !== undefined && !refused.has(type)) {
        refused.add(type);
        throw new Error('not confirmed');
      }
      journal.push(...batch.map(({ id }) => id));
    };
    const log = pino({ level: 'silent' });
    const admission = new Admission({ db: fresh.db, bus: { append }, pace: new Pace(2), log });
    const generations = { sweep: async () => undefined };
    const sweeper = startSweeper({
      db: fresh.db,
      bus: { append },
      admission,
      generations,
      resultTtlS: 60,
      jobTtlS: 60,
      log,
    });
    const said = [`${due}/job.due`, `${overdue}/job.overdue`, `${first}/job.admitted`, `${second}/job.admitted`];
    try {
      await pause(5_500);
      expect(journal).to.have.members(said);
      const end = { ...sampleJob({ type: 'embed', status: 'succeeded', finished_at: LONG_AGO }), id: first ?? '' };
      await fresh.db.transaction((tx) => saveJobs(tx, [end], new Set([end.id])));
      admission.turned(new Map([[end.id, { ...end, status: 'running' }]]), new Map([[end.id, end]]));
      await pause(2_500);
      expect(journal, 'the next one, and none again').to.have.members([...said, `${third}/job.admitted`]);
    } finally {
      await Promise.all([sweeper.close(), admission.close()]);
    }
  });
});

describe('what was said', () => {
  it('is remembered until it was heard, for a minute at most', () => {
    const said = new Said();
    said.add(['a', 'b'], 0);
    expect(['a', 'b', 'c'].map((id) => said.has(id, 59_999))).to.deep.equal([true, true, false]);
    said.forget(['a']);
    expect(said.has('a', 1)).to.equal(false);
    expect(said.has('b', 60_000)).to.equal(false);
  });
});
