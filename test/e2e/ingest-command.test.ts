import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { client, type JobView } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { ANN } from '../support/warren.ts';
import { system } from './system.ts';

const FILES = 150;
const COLLECTION = 'folder';

/** What `--json` says at the end. */
interface Summary {
  readonly searchable: number;
  readonly partial: number;
  readonly failed: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly jobs: readonly string[];
}

const text = (n: number) =>
  `# Note ${n}\n\nRabbit number ${n} digs a warren with ${n + 2} entrances.\n\n## Food\n\nIt eats clover.`;

describe('warren ingest against the whole system', function () {
  this.timeout(300_000);
  let url: string;
  let folder: string;

  before(async () => {
    url = (await system()).warren.url;
    folder = join(await mkdtemp(join(tmpdir(), 'warren-ingest-')), 'notes');
    await mkdir(folder);
    for (let n = 0; n < FILES; n += 1) await writeFile(join(folder, `${n}.md`), text(n));
  });
  after(() => rm(join(folder, '..'), { recursive: true }));

  const start = (...args: string[]) =>
    spawn(
      process.execPath,
      ['--import', 'tsx', 'infra/cli/main.ts', 'ingest', folder, '-c', COLLECTION, '--json', ...args],
      { env: { ...process.env, WARREN_URL: url, WARREN_API_KEY: ANN }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
  const finished = async (child: ChildProcess) => {
    let out = '';
    child.stdout?.on('data', (piece) => {
      out += String(piece);
    });
    const [code] = await once(child, 'close');
    return { code: Number(code), ...(JSON.parse(out) as Summary) };
  };
  const api = () => client(url);
  const jobs = async () =>
    (await api().call<{ data: JobView[] }>('GET', `/v1/jobs?type=ingest&collection=${COLLECTION}&limit=100`)).body.data;
  /** Documents sent and texts embedded by all jobs there ever were. */
  const spent = async () => {
    const all = await jobs();
    const sum = (of: (job: JobView) => number) => all.reduce((total, job) => total + of(job), 0);
    return {
      documents: sum(({ input }) => (input as { documents: unknown[] }).documents.length),
      texts: sum(({ usage }) => (usage as { embedded_texts?: number } | undefined)?.embedded_texts ?? 0),
    };
  };
  const passages = async () =>
    (await api().call<{ passages: number }>('GET', `/v1/collections/${COLLECTION}`)).body.passages;

  it('killed in the middle and started again pays for everything once', async () => {
    const first = start('--concurrency', '2');
    const killed = once(first, 'close');
    await eventually(async () => (await jobs()).some(({ status }) => status === 'running'), {
      within: 60_000,
      what: 'a job to run',
    });
    first.kill('SIGKILL');
    await killed;
    const second = await finished(start());
    expect(second).to.include({ code: 0, failed: 0, partial: 0 });
    expect(second.searchable + second.unchanged).to.equal(FILES);
    expect(await spent()).to.deep.equal({ documents: FILES, texts: await passages() });
  });

  it('sends nothing again, and what is sent all the same is embedded no second time', async () => {
    const before = await spent();
    expect(await finished(start())).to.deep.include({ code: 0, unchanged: FILES, jobs: [] });
    expect(await spent()).to.deep.equal(before);
    const forced = await finished(start('--force'));
    expect(forced).to.include({ code: 0, unchanged: FILES });
    expect(await spent()).to.deep.equal({ documents: 2 * FILES, texts: before.texts });
  });

  it('with --prune takes out what vanished', async () => {
    await rm(join(folder, '7.md'));
    expect(await finished(start('--prune', '--yes'))).to.include({ code: 0, unchanged: FILES - 1, removed: 1 });
    const found = await api().call<{ results: { document_id: string }[] }>('POST', '/v1/search', {
      collection: COLLECTION,
      query: 'Rabbit number 7 or 17',
      mode: 'text',
      top_k: 100,
    });
    const ids = found.body.results.map(({ document_id }) => document_id);
    expect(ids).to.include('notes/17.md').and.not.include('notes/7.md');
  });
});
