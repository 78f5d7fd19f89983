import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import type { Database } from '../../shared/store/database.ts';
import { claimKey, forgetKeys, releaseKey } from '../../shared/store/idempotency.ts';
import { expireJobs, saveJobs } from '../../shared/store/jobs.ts';
import { deleteUploads, forgetUploads, readUpload, storeUpload } from '../../shared/store/uploads.ts';
import { sampleJob, unique } from './samples.ts';

export function keysSuite(database: () => Database): void {
  describe('idempotency keys', () => {
    it('belong to one of many that claim at once, and all learn whose it is', async () => {
      const [owner, key] = [unique('owner'), unique('key')];
      const claims = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          claimKey(database(), { owner, key, body_hash: `hash${index}`, job: newId('job') }),
        ),
      );
      const [winner, ...others] = claims.filter(({ fresh }) => fresh);
      expect(others).to.deep.equal([]);
      expect(new Set(claims.map(({ job, body_hash }) => `${job} ${body_hash}`))).to.deep.equal(
        new Set([`${winner?.job} ${winner?.body_hash}`]),
      );
    });

    it('are claimed again for the same job, by other owners, and once released or forgotten', async () => {
      const claim = { owner: unique('owner'), key: unique('key'), body_hash: 'h', job: newId('job') };
      expect(await claimKey(database(), claim)).to.deep.equal({ job: claim.job, body_hash: 'h', fresh: true });
      expect((await claimKey(database(), claim)).fresh).to.equal(true);
      const other = { ...claim, job: newId('job') };
      expect((await claimKey(database(), other)).fresh).to.equal(false);
      expect((await claimKey(database(), { ...other, owner: unique('owner') })).fresh).to.equal(true);
      await releaseKey(database(), other); // not its own: nothing happens
      expect((await claimKey(database(), other)).job).to.equal(claim.job);
      await releaseKey(database(), claim);
      expect((await claimKey(database(), other)).fresh).to.equal(true);
      expect(await forgetKeys(database(), 3600)).to.equal(0);
      expect(await forgetKeys(database(), 0)).to.be.greaterThan(0);
      expect((await claimKey(database(), claim)).fresh).to.equal(true);
    });

    it('go with their job: the same request is a new one afterwards, and not the old one a second time', async () => {
      const [old, young] = [sampleJob({ status: 'succeeded', finished_at: '2020-01-01T00:00:00Z' }), sampleJob()];
      await database().transaction((tx) => saveJobs(tx, [old, young]));
      const claim = (job: string) => ({ owner: unique('owner'), key: 'k', body_hash: 'h', job });
      const [gone, kept] = [claim(old.id), claim(young.id)];
      await claimKey(database(), gone);
      await claimKey(database(), kept);
      await expireJobs(database(), { resultTtlS: 60, jobTtlS: 60, limit: 1_000 });
      expect((await claimKey(database(), { ...gone, job: young.id })).fresh).to.equal(true);
      expect((await claimKey(database(), { ...kept, job: newId('job') })).job).to.equal(young.id);
    });
  });

  describe('uploads', () => {
    it('come back byte for byte, and go with their job', async () => {
      const [id, job] = [newId('upl'), newId('job')];
      const content = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
      await storeUpload(database(), { id, job, content });
      await storeUpload(database(), { id, job, content: Buffer.from('again') });
      expect(await readUpload(database(), id)).to.deep.equal(content);
      await deleteUploads(database(), job);
      expect(await readUpload(database(), id)).to.equal(undefined);
    });

    it('are forgotten when their job never came or has ended, not while it waits', async () => {
      const waiting = sampleJob({ type: 'ingest', status: 'scheduled', run_at: '2090-01-01T00:00:00.000Z' });
      await database().transaction((tx) => saveJobs(tx, [waiting]));
      const [orphan, kept] = [newId('upl'), newId('upl')];
      await storeUpload(database(), { id: orphan, job: newId('job'), content: Buffer.from('a') });
      await storeUpload(database(), { id: kept, job: waiting.id, content: Buffer.from('b') });
      await forgetUploads(database(), 3600);
      expect(await readUpload(database(), orphan)).to.deep.equal(Buffer.from('a'));
      await forgetUploads(database(), 0);
      expect(await readUpload(database(), orphan)).to.equal(undefined);
      expect(await readUpload(database(), kept)).to.deep.equal(Buffer.from('b'));
    });
  });
}
