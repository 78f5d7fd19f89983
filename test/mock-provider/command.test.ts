import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect } from 'chai';

const MAIN = resolve(import.meta.dirname, '../../infra/mock-provider/main.ts');

const run = (...args: string[]): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, ['--import', 'tsx', MAIN, ...args]);

async function ended(
  child: ChildProcessWithoutNullStreams,
): Promise<{ code: number | null; out: string; err: string }> {
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

describe('mock provider: the command', () => {
  it('explains itself', async () => {
    const { code, out } = await ended(run('--help'));
    expect(code).to.equal(0);
    expect(out).to.include('POST /api/chat').and.include('ttftN').and.include('--alias NAME=MODEL');
  });

  it('refuses what it does not understand', async () => {
    const [port, option] = await Promise.all([ended(run('--port', 'ten')), ended(run('--bogus'))]);
    expect([port.code, option.code]).to.deep.equal([2, 2]);
    expect(port.err).to.include('"ten" is no port');
  });

  it('prints its address, serves there, and ends in order on SIGTERM', async () => {
    const child = run('--alias', 'llama3.2=mock-len3');
    const whole = ended(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line.toString())?.[0];
    const response = await fetch(`${url}/api/chat`, {
      method: 'POST',
      body: JSON.stringify({ model: 'llama3.2', stream: false, messages: [{ role: 'user', content: 'x' }] }),
    });
    expect(await response.json()).to.include({ eval_count: 3 });
    child.kill('SIGTERM');
    expect((await whole).code).to.equal(0);
  });
});
