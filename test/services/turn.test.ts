import { expect } from 'chai';
import pino from 'pino';
import type { Output } from '../../services/rag-orchestrator/plan.ts';
import type { Send } from '../../services/rag-orchestrator/send.ts';
import { createTurn } from '../../services/rag-orchestrator/turn.ts';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import type { Database, Param } from '../../shared/store/database.ts';
import { StoreTimeoutError } from '../../shared/store/errors.ts';
import { eventsAfter } from '../../shared/store/events.ts';
import { findJob } from '../../shared/store/jobs.ts';
import { JOB, submitted } from '../flows/given.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { rejected } from '../support/rejected.ts';

const log = pino({ level: 'silent' });
const settings = { poolOf: () => 'default', shareOf: () => 64 };
const admission = { turned: () => undefined };
const submission = submitted('embed', { texts: ['one'] });
const embedded: JournalRecord = {
  id: `${JOB}/texts.embedded/0`,
  job: JOB,
  at: Date.parse('2026-01-01T00:00:01Z'),
  event: TextsEmbedded({
    batch: '0',
    model: 'm',
    dimensions: 1,
    vectors: ['AACAPw=='],
    provider: 'local',
    provider_ms: 1,
  }),
};

describe('a turn', function () {
  this.timeout(60_000);
  let fresh: FreshDatabase;

  beforeEach(async () => {
    fresh = await freshDatabase();
  });
  afterEach(() => fresh.drop());

  const turnWith = (send: Send) => createTurn({ db: fresh.db, send, settings, admission, embeddingModel: 'm', log });

  it('that dies between commit and send sends the same, byte for byte, when its records come again', async () => {
    const sent: string[] = [];
    const outputs = (list: readonly Output[]) => JSON.stringify(list);
    const dying = turnWith(async (outgoing) => {
      sent.push(outputs(outgoing.outputs));
      throw new Error('killed');
    });
    await dying([submission]).then(
      () => expect.fail('the send was to fail'),
      () => undefined,
    );
    await turnWith(async (outgoing) => void sent.push(outputs(outgoing.outputs)))([submission]);
    expect(sent[0]).to.contain('texts.embed');
    expect(sent[1]).to.equal(sent[0]);
    expect(await eventsAfter(fresh.db, JOB, 0, 10)).to.have.lengthOf(1);
  });

  it('is heard when it is committed: before it is sent, and not when it fails', async () => {
    const steps: string[] = [];
    const heard = () => steps.push('heard');
    const turn = turnWith(async () => {
      steps.push(`sends, ${(await findJob(fresh.db, JOB))?.status ?? 'not stored'}`);
    });
    await turn([submission], { heard });
    expect(steps).to.deep.equal(['heard', 'sends, queued']);
    steps.splice(0);
    const failing = { ...fresh.db, transaction: () => Promise.reject(new Error('the database is away')) };
    const other = createTurn({ db: failing, send: async () => {}, settings, admission, embeddingModel: 'm', log });
    await other([embedded], { heard }).then(
      () => expect.fail('the turn was to fail'),
      () => undefined,
    );
    expect(steps).to.deep.equal([]);
  });

  it('that sends something again is heard only when all is sent: its events must not come behind later ones', async () => {
    const turn = turnWith(async () => undefined);
    await turn([submission]);
    let isHeard = false;
    await turn([submission, embedded], { heard: () => (isHeard = true) });
    expect(isHeard).to.equal(false);
  });

  it('that comes twice changes nothing', async () => {
    const turn = turnWith(async () => undefined);
    await turn([submission, embedded]);
    const first = await findJob(fresh.db, JOB);
    await turn([submission, embedded, embedded]);
    expect(first).to.include({ status: 'succeeded' });
    expect(await findJob(fresh.db, JOB)).to.deep.equal(first);
    const events = await eventsAfter(fresh.db, JOB, 0, 100);
    expect(events.map(({ seq }) => seq)).to.deep.equal(events.map((_, index) => index + 1));
  });

  it('of an orchestrator that should be gone loses against its successor', async () => {
    const turns = [turnWith(async () => undefined), turnWith(async () => undefined)];
    const ends = await Promise.allSettled(turns.map((turn) => turn([submission])));
    expect(ends.some(({ status }) => status === 'fulfilled')).to.equal(true);
    await Promise.allSettled(turns.map((turn) => turn([embedded])));
    const events = await eventsAfter(fresh.db, JOB, 0, 100);
    expect(events.filter(({ event }) => event === 'job.queued')).to.have.lengthOf(1);
    expect(events.filter(({ event }) => event === 'job.succeeded')).to.have.lengthOf(1);
    expect(await findJob(fresh.db, JOB)).to.include({ status: 'succeeded', last_seq: events.length });
  });

  it('in which one decision fails goes on for all others', async () => {
    const other = JOB.replace('0001', '0002');
    const broken: JournalRecord = { ...submission, id: `${other}/job.submitted`, job: other };
    await turnWith(async () => undefined)([broken, submission]);
    const foreign = {
      ...embedded,
      id: `${other}/x`,
      job: other,
      event: { type: 'no.such', body: {} },
    } as unknown as JournalRecord;
    await turnWith(async () => undefined)([foreign, embedded]);
    expect(await findJob(fresh.db, other)).to.deep.include({ status: 'failed' });
    expect((await findJob(fresh.db, other))?.error).to.include({ code: 'internal' });
    expect(await findJob(fresh.db, JOB)).to.include({ status: 'succeeded' });
  });

  it('with a value that the database will not have goes on for all others, and fails that one job', async () => {
    const other = JOB.replace('0001', '0003');
    const born = [{ ...submission, id: `${other}/job.submitted`, job: other }, submission];
    await turnWith(async () => undefined)(born);
    const db = refusing(fresh.db, other);
    const turn = createTurn({ db, send: async () => undefined, settings, admission, embeddingModel: 'm', log });
    let isHeard = false;
    await turn([{ ...embedded, id: `${other}/texts.embedded/0`, job: other }, embedded], {
      heard: () => (isHeard = true),
    });
    expect(isHeard, 'heard after the first half alone').to.equal(false);
    expect(await findJob(fresh.db, JOB)).to.include({ status: 'succeeded' });
    expect(await findJob(fresh.db, other)).to.include({ status: 'failed' });
    expect((await findJob(fresh.db, other))?.error).to.include({ code: 'internal' });
  });

  it('that takes the database too long is taken in smaller pieces; one that cannot be smaller is tried again', async () => {
    const jobs = ['0005', '0006', '0007'].map((end) => JOB.replace('0001', end));
    const births = jobs.map((job) => ({ ...submission, id: `${job}/job.submitted`, job }));
    const groups: number[] = [];
    const turnUpTo = (most: number) => {
      const db = slow(fresh.db, most);
      const send: Send = async ({ outputs }) => void groups.push(outputs.length);
      return createTurn({ db, send, settings, admission, embeddingModel: 'm', log });
    };
    await rejected(turnUpTo(0)(births), StoreTimeoutError);
    expect(groups).to.deep.equal([]);
    let isHeard = false;
    await turnUpTo(1)(births, { heard: () => (isHeard = true) });
    expect(isHeard, 'heard before all of it was').to.equal(false);
    expect(groups).to.deep.equal([1, 1, 1]);
    for (const job of jobs) expect(await findJob(fresh.db, job)).to.include({ status: 'queued' });
  });
});

describe('a job that was accepted and cannot be born as it is', function () {
  this.timeout(60_000);
  let fresh: FreshDatabase;
  before(async () => {
    fresh = await freshDatabase();
  });
  after(() => fresh.drop());

  const other = JOB.replace('0001', '0004');
  const bornWith = async (birth: JournalRecord) => {
    const sane = { ...submission, id: `${other}/job.submitted`, job: other };
    const send = async () => undefined;
    await createTurn({ db: fresh.db, send, settings, admission, embeddingModel: 'm', log })([birth, sane]);
    const stored = await findJob(fresh.db, JOB);
    const events = await eventsAfter(fresh.db, JOB, 0, 10);
    await fresh.db.query('delete from jobs where id = $1', [JOB]);
    await fresh.db.query('delete from job_events where job = $1', [JOB]);
    await fresh.db.query('delete from inbox where job = $1', [JOB]);
    expect(await findJob(fresh.db, other)).to.include({ status: 'queued' });
    return { stored, events: events.map(({ event, seq }) => [event, seq]) };
  };

  it('ends, and says that its input is too large for a message', async () => {
    const texts = [['x'.repeat(1_040_000)]];
    const { stored, events } = await bornWith(submitted('generate', { messages: texts }));
    expect(stored).to.include({ status: 'failed' });
    expect(stored?.error?.code).to.equal('validation');
    expect(stored?.error?.message).to.match(/^answer.generate would have \d+ bytes/);
    expect(events).to.deep.equal([['job.failed', 1]]);
  });

  it('ends when the database knows no such time', async () => {
    const { stored, events } = await bornWith(
      submitted('embed', { texts: ['one'] }, { run_at: '0000-01-01T00:00:00Z', tags: ['a'] }),
    );
    expect(stored).to.include({ status: 'failed', owner: 'ann', type: 'embed' });
    expect(stored?.error?.code).to.equal('internal');
    expect(stored).not.to.have.property('run_at');
    expect(events).to.deep.equal([['job.failed', 1]]);
  });
});

/** A database that takes no event of this job but its failure. */
function refusing(db: Database, job: string): Database {
  const refuses = (text: string, params: readonly Param[]) =>
    text.includes('into job_events') &&
    params.some((param) => Array.isArray(param) && param.includes(job)) &&
    !params.some((param) => Array.isArray(param) && param.includes('job.failed'));
  return failing(db, refuses, `select 'x'::int`);
}

/** A database whose time is up when it is to take more records than these at once. */
function slow(db: Database, most: number): Database {
  const isTooMuch = (text: string, [ids]: readonly Param[]) =>
    text.includes('into inbox') && Array.isArray(ids) && ids.length > most;
  return failing(db, isTooMuch, `do $$ begin raise exception using errcode = '57014'; end $$`);
}

/** A database that is given this instead of such statements. */
function failing(db: Database, at: (text: string, params: readonly Param[]) => boolean, instead: string): Database {
  return {
    ...db,
    transaction: (work) =>
      db.transaction((tx) =>
        work({
          ...tx,
          query: (text, params = []) => (at(text, params) ? tx.query(instead) : tx.query(text, params)),
        }),
      ),
  };
}
