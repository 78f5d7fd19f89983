import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import type { Job } from '../../shared/messages/job.ts';
import type { Database } from '../../shared/store/database.ts';
import { appendEvents, eventsAfter } from '../../shared/store/events.ts';
import { findOutputs, recordInbox } from '../../shared/store/inbox.ts';
import { dueJobs, expireJobs, findJob, listJobs, lockJobs, overdueJobs, saveJobs } from '../../shared/store/jobs.ts';
import { readUpload, storeUpload } from '../../shared/store/uploads.ts';
import { AT, sampleEvent, sampleJob, unique } from './samples.ts';

export function jobsSuite(database: () => Database): void {
  const save = (...jobs: Job[]) => database().transaction((tx) => saveJobs(tx, jobs));

  describe('jobs', () => {
    it('come back as they were saved, every field of them', async () => {
      const job = sampleJob({
        owner: unique('owner'),
        status: 'failed',
        priority: 'high',
        collection: 'docs',
        stage: 'texts.embed',
        attempt: 3,
        max_attempts: 5,
        next_retry_at: AT,
        result: { z: 1, a: [1, null] },
        error: { code: 'internal', message: 'no', retryable: false },
        usage: { embedded_texts: 3 },
        tags: ['a,b', '{"quoted"}', 'ümläut'],
        metadata: { deep: { er: [true] } },
        run_at: AT,
        deadline_at: AT,
        started_at: AT,
        finished_at: AT,
        last_seq: 7,
        state: { open: { 0: { next: 1 } } },
      });
      const bare = sampleJob({ owner: job.owner });
      await save(job, bare);
      expect(await findJob(database(), job.id)).to.deep.equal(job);
      expect(await findJob(database(), bare.id)).to.deep.equal(bare);
      expect(await findJob(database(), newId('job'))).to.equal(undefined);
    });

    it('keep what is written once, and a result that is not given again', async () => {
      const job = sampleJob({ input: { question: 'first' } });
      await save(job);
      await save({ ...job, status: 'succeeded', result: { answer: 42 }, finished_at: AT });
      const { collection, ...rest } = {
        ...job,
        input: {},
        owner: 'thief',
        status: 'running' as const,
        last_seq: 2,
        collection: 'x',
      };
      await database().transaction((tx) => saveJobs(tx, [rest], new Set([job.id])));
      const found = await findJob(database(), job.id);
      expect(found).to.deep.equal({ ...job, status: 'running', result: { answer: 42 }, last_seq: 2 });
    });

    it('keep NULs and lone surrogates in what clients sent', async () => {
      const strange = 'a\0b \ud800 \\u0000 \u{1f600}';
      const job = sampleJob({ input: { strange }, result: { strange }, metadata: { strange } });
      await save(job);
      expect(await findJob(database(), job.id)).to.deep.equal(job);
    });

    it('are locked by one transaction at a time', async () => {
      const job = sampleJob();
      await save(job);
      const order: string[] = [];
      let release: () => void = () => undefined;
      const first = database().transaction(async (tx) => {
        expect(await lockJobs(tx, [job.id, newId('job')])).to.deep.equal([job]);
        order.push('first has it');
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        order.push('first ends');
        await saveJobs(tx, [{ ...job, last_seq: 1 }]);
      });
      await waitFor(() => order.length === 1);
      const second = database().transaction(async (tx) => {
        const [locked] = await lockJobs(tx, [job.id]);
        order.push(`second sees ${locked?.last_seq}`);
      });
      setTimeout(release, 50);
      await Promise.all([first, second]);
      expect(order).to.deep.equal(['first has it', 'first ends', 'second sees 1']);
    });

    it('are listed newest first, page by page, for their owner alone', async () => {
      const owner = unique('owner');
      const jobs = Array.from({ length: 5 }, (_, index) => sampleJob({ owner, tags: index % 2 === 0 ? ['even'] : [] }));
      await save(...jobs, sampleJob({ owner: unique('owner') }));
      const ids = jobs.map(({ id }) => id).reverse();
      const first = await listJobs(database(), { owner, limit: 3 });
      const second = await listJobs(database(), { owner, limit: 3, after: first.at(-1)?.id });
      expect([...first, ...second].map(({ id }) => id)).to.deep.equal(ids);
      const even = await listJobs(database(), { owner, tag: 'even', limit: 10 });
      expect(even.map(({ id }) => id)).to.deep.equal([ids[0], ids[2], ids[4]]);
    });

    it('are filtered by status, type and collection', async () => {
      const owner = unique('owner');
      const wanted = sampleJob({ owner, status: 'running', type: 'ingest', collection: 'c' });
      await save(
        wanted,
        sampleJob({ owner, status: 'running', type: 'ingest' }),
        sampleJob({ owner, type: 'ingest', collection: 'c' }),
      );
      const found = await listJobs(database(), {
        owner,
        status: 'running',
        type: 'ingest',
        collection: 'c',
        limit: 10,
      });
      expect(found).to.deep.equal([wanted]);
    });

    it('are found when due and when overdue', async () => {
      const scheduled = sampleJob({ status: 'scheduled', run_at: '2001-01-01T00:00:00.000Z' });
      const later = sampleJob({ status: 'scheduled', run_at: '2090-01-01T00:00:00.000Z' });
      const late = sampleJob({ status: 'running', deadline_at: '2001-01-01T00:00:00.000Z' });
      const ended = sampleJob({ status: 'failed', deadline_at: '2001-01-01T00:00:00.000Z', finished_at: AT });
      await save(scheduled, later, late, ended);
      const now = new Date().toISOString();
      expect(await dueJobs(database(), now, 1000))
        .to.include(scheduled.id)
        .and.not.include(later.id);
      expect(await overdueJobs(database(), now, 1000))
        .to.include(late.id)
        .and.not.include(ended.id);
    });

    it('expire with everything that belongs to them, results of embed and search sooner', async () => {
      const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
      const old = sampleJob({ type: 'embed', status: 'succeeded', finished_at: hoursAgo(2) });
      const fresh = sampleJob({ type: 'embed', status: 'succeeded', finished_at: hoursAgo(0) });
      const asked = sampleJob({ type: 'ask', status: 'succeeded', finished_at: hoursAgo(2) });
      const ancient = sampleJob({ type: 'ask', status: 'failed', finished_at: hoursAgo(31 * 24) });
      const open = sampleJob({ type: 'embed', status: 'running', created_at: hoursAgo(2) });
      await save(old, fresh, asked, ancient, open);
      await database().transaction(async (tx) => {
        await appendEvents(tx, [sampleEvent(old.id, 1), sampleEvent(asked.id, 1)]);
        await recordInbox(tx, [
          { id: `${old.id}/x`, job: old.id, outputs: 1, at: AT },
          { id: `${asked.id}/x`, job: asked.id, outputs: 1, at: AT },
        ]);
      });
      const upload = newId('upl');
      await storeUpload(database(), { id: upload, job: old.id, content: Buffer.from('x') });
      const expiry = { resultTtlS: 3600, jobTtlS: 30 * 24 * 3600, limit: 1000 };
      expect(await expireJobs(database(), expiry)).to.equal(2);
      const left = await Promise.all([old, fresh, asked, ancient, open].map(({ id }) => findJob(database(), id)));
      expect(left.map((job) => job !== undefined)).to.deep.equal([false, true, true, false, true]);
      expect(await eventsAfter(database(), old.id, 0, 10)).to.deep.equal([]);
      expect([...(await findOutputs(database(), [`${old.id}/x`, `${asked.id}/x`])).keys()]).to.deep.equal([
        `${asked.id}/x`,
      ]);
      expect(await readUpload(database(), upload)).to.equal(undefined);
      expect(await expireJobs(database(), expiry)).to.equal(0);
    });
  });
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
