import { expect } from 'chai';
import { CommandFailed, CommandReplayed, CommandRetrying } from '../../shared/messages/outcome.ts';
import { JobCancel, JobDue, JobOverdue } from '../../shared/messages/submission.ts';
import { asked, embedded, retrieved } from './asking.ts';
import { submitted, World } from './given.ts';

describe('every job', () => {
  const failure = { command: 'c', stage: 'texts.embed', part: 'query', dead_letter: 'dl_1', replay: 0, body: {} };
  const error = { code: 'provider_error' as const, message: 'no', retryable: false };

  it('waits for its run_at', () => {
    const world = new World().turn(
      submitted('ask', { collection: 'c', question: 'Why?' }, { run_at: '2026-01-02T00:00:00.000Z' }),
    );
    expect(world.job.status).to.equal('scheduled');
    expect(world.sent).to.deep.equal([]);
    world.told(JobDue({}));
    expect(world.job.status).to.equal('queued');
    expect(world.sent).to.have.lengthOf(1);
  });

  it('is cancelled once, tells its workers to stop and hears nothing more', () => {
    const world = asked().told(JobCancel({ reason: 'enough' }));
    expect(world.job.status).to.equal('cancelled');
    expect(world.aborted).to.equal(true);
    world.told(JobCancel({}), 'again').hears('texts.embed', embedded);
    expect(world.shown).to.deep.equal(['job.queued', 'job.cancelled']);
  });

  it('fails when its deadline passes', () => {
    const world = asked().told(JobOverdue({}));
    expect(world.job.error).to.include({ code: 'deadline_exceeded' });
    expect(world.aborted).to.equal(true);
  });

  it('tells why it is tried again', () => {
    const world = asked().hears(
      'texts.embed',
      CommandRetrying({ ...failure, attempt: 2, delay_ms: 5000, error: { ...error, retryable: true } }),
    );
    expect(world.shown).to.deep.equal(['job.queued', 'job.started', 'job.retrying']);
    expect(world.job).to.include({ status: 'running', attempt: 2, next_retry_at: '2026-01-01T00:00:06.000Z' });
    world.hears('texts.embed', embedded);
    expect(world.job).not.to.have.property('next_retry_at');
  });

  it('has begun when its first attempt fails', () => {
    const world = asked();
    world.hears('texts.embed', CommandFailed({ ...failure, command: world.command('texts.embed').id, error }));
    expect(world.shown).to.deep.equal(['job.queued', 'job.started', 'job.failed']);
    expect(world.job.started_at).to.equal(world.job.finished_at);
  });

  it('fails with its dead letter, and runs again when that is replayed', () => {
    const world = asked();
    const dead = world.command('texts.embed');
    world.hears('texts.embed', CommandFailed({ ...failure, command: dead.id, error }));
    expect(world.job.error).to.deep.include({ ...error, stage: 'texts.embed' });
    expect(world.events.at(-1)?.data).to.include({ dead_letter: 'dl_1' });
    const command = {
      id: dead.id,
      type: dead.type,
      part: dead.part,
      priority: dead.priority,
      pool: dead.pool,
      max_attempts: 4,
      replay: 0,
      body: dead.body,
    };
    world.told(CommandReplayed({ dead_letter: 'dl_1', command }));
    expect(world.job).to.include({ status: 'running' });
    expect(world.job).not.to.have.property('error');
    const again = world.command('texts.embed');
    expect(again).to.include({ id: `${dead.id}/1`, replay: 1 });
    world.hears('texts.embed', embedded).hears('passages.retrieve', retrieved);
    expect(world.command('answer.generate').replay).to.equal(1);
    expect(world.shown).to.include.members(['job.failed', 'job.replayed']);
  });

  it('goes to the pool of its model', () => {
    const world = new World().turn(submitted('generate', { prompt: 'Hi', model: 'big' }));
    expect(world.command('answer.generate').pool).to.equal('gpu');
  });
});
