import { expect } from 'chai';
import { Pace } from '../../services/rag-orchestrator/shares/pace.ts';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import type { Job } from '../../shared/messages/job.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { JobAdmitted, JobCancel, JobDue } from '../../shared/messages/submission.ts';
import { submitted, World } from './given.ts';

/** The nth job of somebody, all of them embeds of normal priority unless told otherwise. */
function submission(n: number, more: Partial<Pick<Job, 'owner' | 'priority' | 'run_at'>> = {}): JournalRecord {
  const job = `job_01890000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  return { ...submitted('embed', { texts: ['a text'] }, more), id: `${job}/job.submitted`, job };
}

const told = (n: number, event: JournalRecord['event']): JournalRecord => {
  const { job } = submission(n);
  return { id: `${job}/${event.type}`, job, at: Date.parse('2026-01-01T00:00:01Z'), event };
};

const embedded = (n: number): JournalRecord =>
  told(
    n,
    TextsEmbedded({
      batch: '0',
      model: 'm',
      dimensions: 1,
      vectors: ['AACAPw=='],
      provider: 'local',
      provider_ms: 1,
    }),
  );

const begun = (world: World) => world.sent.map(({ job }) => Number(job.slice(-12)));

describe('shares', () => {
  it('let a key have so many jobs under way, and make the others wait in the order they came', () => {
    const world = new World({ share: 2 }).turn(...[1, 2, 3, 4].map((n) => submission(n)));
    expect(begun(world)).to.deep.equal([1, 2]);
    expect(world.shown, 'all of them are queued for their clients').to.deep.equal(Array(4).fill('job.queued'));
  });

  it('count what is under way already', () => {
    const world = new World({ share: 2 }).turn(submission(1), submission(2)).turn(submission(3));
    expect(begun(world)).to.deep.equal([1, 2]);
  });

  it('are one for each key, type and priority', () => {
    const world = new World({ share: 1 }).turn(
      submission(1),
      submission(2),
      submission(3, { owner: 'bob' }),
      submission(4, { priority: 'high' }),
    );
    expect(begun(world)).to.deep.equal([1, 3, 4]);
  });

  it('let nobody overtake a job that waits', () => {
    const world = new World({ share: 1 }).turn(submission(1), submission(2)).turn(embedded(1)).turn(submission(3));
    expect(begun(world), 'there is room, but job 2 was here first').to.deep.equal([1]);
  });

  it('begin a job that is admitted, once', () => {
    const world = new World({ share: 1 }).turn(submission(1), submission(2));
    const again: JournalRecord = { ...told(2, JobAdmitted({})), id: 'sent by another orchestrator' };
    world.turn(told(2, JobAdmitted({}))).turn(told(2, JobAdmitted({})), again);
    expect(begun(world)).to.deep.equal([1, 2]);
    expect(world.jobs.get(submission(2).job)).to.not.have.property('waiting');
  });

  it('hold for jobs whose time comes, too', () => {
    const world = new World({ share: 1 })
      .turn(submission(1, { run_at: '2026-01-02T00:00:00Z' }), submission(2))
      .turn(told(1, JobDue({})));
    expect(begun(world)).to.deep.equal([2]);
    world.turn(told(1, JobAdmitted({})));
    expect(begun(world)).to.deep.equal([2, 1]);
  });

  it('forget a job that was cancelled while it waited', () => {
    const world = new World({ share: 1 }).turn(submission(1), submission(2)).turn(told(2, JobCancel({})));
    world.turn(told(2, JobAdmitted({})));
    expect(begun(world)).to.deep.equal([1]);
    expect(world.jobs.get(submission(2).job)?.status).to.equal('cancelled');
  });
});

describe('the pace of a backlog', () => {
  it('is at least the minimum', () => {
    const pace = new Pace(64);
    pace.ended('slow', 1, 0);
    expect(pace.share('slow', 100)).to.equal(64);
    expect(pace.share('unknown', 100)).to.equal(64);
  });

  it('is what ended in the last two seconds, and wears off', () => {
    const pace = new Pace(64);
    for (let ms = 0; ms < 2_000; ms += 100) pace.ended('quick', 50, ms);
    expect(pace.share('quick', 1_999)).to.equal(1_000);
    expect(pace.share('quick', 3_200)).to.be.within(64, 450);
    expect(pace.share('quick', 5_000)).to.equal(64);
  });

  it('is bounded, however quick they are', () => {
    const pace = new Pace(64);
    pace.ended('quick', 1_000_000, 0);
    expect(pace.share('quick', 1)).to.equal(10_000);
  });
});
