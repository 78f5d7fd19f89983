import { expect } from 'chai';
import pg from 'pg';
import { newId } from '../../shared/ids.ts';
import type { Database } from '../../shared/store/database.ts';
import { DuplicateMessageError } from '../../shared/store/errors.ts';
import { appendEvents, eventsAfter, eventsWithin, lastSeq } from '../../shared/store/events.ts';
import { findOutputs, recordInbox } from '../../shared/store/inbox.ts';
import { findJob, saveJobs } from '../../shared/store/jobs.ts';
import { rejected } from '../support/rejected.ts';
import { AT, sampleEvent, sampleJob } from './samples.ts';

export function journalSuite(database: () => Database): void {
  describe('events', () => {
    it('are read after any seq, in order and without gaps', async () => {
      const [job, other] = [newId('job'), newId('job')];
      const events = Array.from({ length: 25 }, (_, index) =>
        sampleEvent(job, index + 1, { text: `t${index} \0 "' \\` }),
      );
      await database().transaction((tx) => appendEvents(tx, [...events.toReversed(), sampleEvent(other, 1)]));
      const pages = [];
      for (let after = 0; ; ) {
        const page = await eventsAfter(database(), job, after, 10);
        if (page.length === 0) break;
        pages.push(page.length);
        expect(page).to.deep.equal(events.slice(after, after + 10));
        after = page.at(-1)?.seq ?? Number.NaN;
      }
      expect(pages).to.deep.equal([10, 10, 5]);
      expect(await lastSeq(database(), job)).to.equal(25);
      expect(await lastSeq(database(), newId('job'))).to.equal(0);
    });

    it('are read in stretches of many jobs, in the order asked for', async () => {
      const jobs = [newId('job'), newId('job'), newId('job')] as const;
      const of = (job: string, ...seqs: number[]) => seqs.map((seq) => sampleEvent(job, seq, { seq }));
      await database().transaction((tx) =>
        appendEvents(
          tx,
          jobs.flatMap((job) => of(job, 4, 3, 2, 1)),
        ),
      );
      const [a, b] = jobs;
      const found = await eventsWithin(database(), [
        { job: b, seqs: [2, 3] },
        { job: a, seqs: [4, 9] },
        { job: b, seqs: [1, 1] },
        { job: newId('job'), seqs: [1, 9] },
      ]);
      expect(found).to.deep.equal([...of(b, 2, 3), ...of(a, 4), ...of(b, 1)]);
    });

    it('of one seq exist once: a second fails its transaction', async () => {
      const job = newId('job');
      await database().transaction((tx) => appendEvents(tx, [sampleEvent(job, 1, { first: true })]));
      const error = await rejected(
        database().transaction((tx) => appendEvents(tx, [sampleEvent(job, 1), sampleEvent(job, 2)])),
        pg.DatabaseError,
      );
      expect(error.message).to.match(/duplicate key/);
      expect(await eventsAfter(database(), job, 0, 10)).to.deep.equal([sampleEvent(job, 1, { first: true })]);
    });
  });

  describe('the inbox', () => {
    it('gives outputs back exactly as they were', async () => {
      const job = newId('job');
      const outputs = { z: 1, a: { nul: '\0', half: '\udc00', order: ['b', 'a'] } };
      await database().transaction((tx) => recordInbox(tx, [{ id: `${job}/x`, job, outputs, at: AT }]));
      const found = await findOutputs(database(), [`${job}/x`, `${job}/y`]);
      expect([...found.keys()]).to.deep.equal([`${job}/x`]);
      expect(JSON.stringify(found.get(`${job}/x`))).to.equal(JSON.stringify(outputs));
    });

    it('fails the transaction of a message heard before, whatever else is pipelined with it', async () => {
      const job = sampleJob();
      const row = { id: `${job.id}/x`, job: job.id, outputs: {}, at: AT };
      await database().transaction((tx) => recordInbox(tx, [row]));
      const turn = database().transaction(async (tx) => {
        await Promise.all([saveJobs(tx, [job]), recordInbox(tx, [row]), appendEvents(tx, [sampleEvent(job.id, 1)])]);
      });
      await rejected(turn, DuplicateMessageError);
      expect(await findJob(database(), job.id)).to.equal(undefined);
      expect(await lastSeq(database(), job.id)).to.equal(0);
    });

    it('lets one of two that hear the same message at once commit', async () => {
      const job = newId('job');
      const hear = () =>
        database().transaction((tx) => recordInbox(tx, [{ id: `${job}/x`, job, outputs: {}, at: AT }]));
      const outcomes = await Promise.allSettled([hear(), hear(), hear()]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    });
  });
}
