import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { claim, claimant } from '../../infra/start/supervisor/claim.ts';
import { type RunFile, readRunFile, removeRunFile, writeRunFile } from '../../infra/start/supervisor/run-file.ts';
import { removeScratch, scratch } from './scratch.ts';

const RUN: RunFile = {
  gateway_url: 'http://127.0.0.1:8000',
  amqp_url: 'amqp://warren:secret@127.0.0.1:20001',
  management_url: 'http://127.0.0.1:20002',
  management_user: 'warren',
  management_password: 'secret',
  database_url: 'postgres://127.0.0.1:20003/postgres',
  pids: { supervisor: 1, broker: 2, database: 3, gateway: 4, embedder: 5, generator: 6, 'rag-orchestrator': null },
  health_urls: { gateway: 'http://127.0.0.1:8000' },
  log_dir: '/logs',
  started_at: '2026-01-01T00:00:00.000Z',
};

describe('run.json', () => {
  after(removeScratch);

  it('is read as it was written, by its owner only, and leaves nothing beside it', () => {
    const folder = join(scratch(), 'data');
    writeRunFile(folder, RUN);
    writeRunFile(folder, { ...RUN, started_at: 'later' });
    expect(readRunFile(folder)).to.deep.equal({ ...RUN, started_at: 'later' });
    expect(statSync(join(folder, 'run.json')).mode & 0o777).to.equal(0o600);
    expect(readdirSync(folder)).to.deep.equal(['run.json']);
  });

  it('is gone after the end', () => {
    const folder = scratch();
    writeRunFile(folder, RUN);
    removeRunFile(folder);
    removeRunFile(folder);
    expect(readRunFile(folder)).to.equal(undefined);
  });
});

describe('the claim on a data folder', () => {
  after(removeScratch);

  it('is given back, and can be taken anew', () => {
    const folder = scratch();
    const giveBack = claim(folder);
    expect(existsSync(join(folder, 'supervisor.pid'))).to.equal(true);
    giveBack();
    claim(folder)();
    expect(claimant(folder)).to.equal(undefined);
  });

  it('keeps a second one out for as long as its holder lives, and no longer', async () => {
    const folder = scratch();
    const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      writeFileSync(join(folder, 'supervisor.pid'), String(holder.pid));
      expect(() => claim(folder)).to.throw(`runs on ${folder} already (pid ${holder.pid})`);
    } finally {
      const gone = new Promise((resolve) => holder.once('exit', resolve));
      holder.kill('SIGKILL');
      await gone;
    }
    claim(folder)();
  });
});
