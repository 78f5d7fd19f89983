import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import type { Job } from '../../shared/messages/job.ts';
import type { Database } from '../../shared/store/database.ts';
import { saveJobs } from '../../shared/store/jobs.ts';
import { admissible, loadOf, openJobsOf, waitingBacklogs } from '../../shared/store/shares.ts';
import { AT, sampleJob, unique } from './samples.ts';

export function sharesSuite(database: () => Database): void {
  const save = (...jobs: Job[]) => database().transaction((tx) => saveJobs(tx, jobs));
  const load = (owner: string, jobs: string[] = [], most = 100) =>
    database().transaction((tx) => loadOf(tx, { backlogs: [{ owner, type: 'ask', priority: 'normal' }], jobs, most }));
  const room = async (owner: string, share: number) =>
    (await admissible(database(), [{ owner, type: 'ask', priority: 'normal', share }]))[0]?.jobs;

  describe('shares', () => {
    it('count what is under way: neither ended nor scheduled nor waiting jobs, nor those of other backlogs', async () => {
      const owner = unique('owner');
      await save(
        sampleJob({ owner }),
        sampleJob({ owner, status: 'running' }),
        sampleJob({ owner, status: 'succeeded', finished_at: AT }),
        sampleJob({ owner, status: 'scheduled', run_at: AT }),
        sampleJob({ owner, priority: 'high' }),
        sampleJob({ owner, type: 'embed' }),
        sampleJob({ owner: unique('other') }),
      );
      const mine = { owner, type: 'ask', priority: 'normal' };
      expect(await load(owner)).to.deep.equal([{ ...mine, under_way: 2, waiting: false }]);
      expect(await load(owner, [], 1), 'counts no further than asked').to.deep.equal([
        { ...mine, under_way: 1, waiting: false },
      ]);
      await save(sampleJob({ owner, waiting: true }));
      expect(await load(owner)).to.deep.equal([{ ...mine, under_way: 2, waiting: true }]);
    });

    it('count the backlogs of jobs whose time has come', async () => {
      const due = sampleJob({ owner: unique('owner'), status: 'scheduled', run_at: AT, priority: 'low' });
      await save(due, sampleJob({ owner: due.owner, priority: 'low' }));
      expect(await database().transaction((tx) => loadOf(tx, { backlogs: [], jobs: [due.id], most: 9 }))).to.deep.equal(
        [{ owner: due.owner, type: 'ask', priority: 'low', under_way: 1, waiting: false }],
      );
    });

    it('let in as many as there is room for, the longest waiting first', async () => {
      const owner = unique('owner');
      const waiting = Array.from({ length: 5 }, () => sampleJob({ owner, waiting: true }));
      await save(sampleJob({ owner }), sampleJob({ owner, status: 'running' }), ...waiting);
      expect(await room(owner, 4)).to.deep.equal(waiting.slice(0, 2).map(({ id }) => id));
      expect(await room(owner, 2)).to.deep.equal([]);
      expect(await room(owner, 1)).to.deep.equal([]);
      expect(await room(owner, 100)).to.have.lengthOf(5);
      expect(await room(unique('owner'), 4), 'nothing waits').to.equal(undefined);
    });

    it('forget a waiting job that has ended', async () => {
      const owner = unique('owner');
      const job = sampleJob({ owner, waiting: true });
      await save(job);
      await save({ ...job, status: 'cancelled', finished_at: AT });
      expect(await room(owner, 4)).to.equal(undefined);
    });

    it('count the open jobs of an owner, and of unborn ones those without a row', async () => {
      const owner = unique('owner');
      const born = sampleJob({ owner });
      await save(
        born,
        sampleJob({ owner, waiting: true }),
        sampleJob({ owner, status: 'running' }),
        sampleJob({ owner, status: 'scheduled', run_at: AT }),
        sampleJob({ owner, status: 'failed', finished_at: AT }),
      );
      const count = (unborn: string[], most = 100) => openJobsOf(database(), owner, { most, unborn });
      expect(await count([])).to.deep.equal({ in_flight: 4, queued: 3, born: [] });
      expect(await count([born.id, newId('job')])).to.deep.equal({ in_flight: 5, queued: 4, born: [born.id] });
    });

    it('find every backlog in which a job waits', async () => {
      const owner = unique('owner');
      const priorities = ['high', 'low', 'normal'] as const;
      await save(...priorities.flatMap((priority) => [1, 2].map(() => sampleJob({ owner, priority, waiting: true }))));
      const found = (await waitingBacklogs(database(), 1_000)).filter((backlog) => backlog.owner === owner);
      expect(found).to.have.deep.members(priorities.map((priority) => ({ owner, type: 'ask', priority })));
      expect(await waitingBacklogs(database(), 2)).to.have.lengthOf(2);
    });
  });
}
