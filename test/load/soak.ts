import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../support/warren.ts';
import { exactly, type Finding, told } from './finding.ts';
import { type Holding, Watch } from './processes.ts';
import type { Scenario } from './scenario.ts';
import { Submitter } from './submitter.ts';
import { untilNoneLeft } from './until-empty.ts';

const PER_SECOND = 20;
const LOOK_MS = 10_000;
/** What a process may hold more of at the end than it held once it was warm. */
const MORE_MEMORY = 1.15;
const MORE_MB = 20;
const MORE_FILES = 10;
const DRAIN_MS = 120_000;

const JOBS: readonly object[] = [
  { type: 'embed', input: { texts: ['rain on the roof', 'a burrow under the hill'] } },
  { type: 'generate', input: { prompt: 'a story of rabbits' } },
  { type: 'ask', input: { collection: 'soak', question: 'What do rabbits dig?' } },
  {
    type: 'ingest',
    input: { collection: 'soak', documents: [{ id: 'a', text: 'Rabbits dig burrows in dry ground.' }] },
  },
];

/** As many jobs as a usual day has, in less time: nothing may grow with them. */
export const soak: Scenario = {
  name: 'soak',
  about: `${PER_SECOND} mixed jobs a second for --minutes; memory, files, connections and channels stay level`,
  env: { RESULT_TTL: '60', JOB_TTL: '60' },
  async run({ warren, minutes, say }) {
    const api = new Submitter(warren.url, 16);
    const run = await warren.run();
    const watch = new Watch(async () => (await warren.run()).pids, LOOK_MS);
    const channels: number[] = [];
    let refused = 0;
    let accepted = 0;
    try {
      const end = Date.now() + minutes * 60_000;
      for (let n = 0; Date.now() < end; n += 1) {
        const { status } = await api.submit(JOBS[n % JOBS.length] ?? {});
        if (status === 202) accepted += 1;
        else refused += 1;
        if (n % (PER_SECOND * 30) === 0) {
          channels.push(await channelsOf(run));
          say(`${accepted} accepted, ${Math.max(0, Math.round((end - Date.now()) / 60_000))} min to go`);
        }
        await sleep(1000 / PER_SECOND);
      }
      const drained = await untilNoneLeft(api, DRAIN_MS);
      channels.push(await channelsOf(run));
      return [
        told('accepted', String(accepted)),
        exactly('refused', refused, 0),
        exactly('jobs left at the end', drained === undefined ? 1 : 0, 0),
        level('channels at the broker', channels, 1, 0),
        ...[...watch.samples].flatMap(([name, samples]) => levelOf(name, samples)),
      ];
    } finally {
      watch.stop();
      api.close();
    }
  },
};

const levelOf = (name: string, samples: readonly Holding[]): Finding[] => [
  level(
    `memory of the ${name} (MB)`,
    samples.map(({ rssMb }) => rssMb),
    MORE_MEMORY,
    MORE_MB,
  ),
  level(
    `files of the ${name}`,
    samples.map(({ files }) => files),
    1,
    MORE_FILES,
  ),
];

/** The median of the last quarter against that of the second: the first is for growing warm. */
function level(what: string, values: readonly number[], factor: number, slack: number): Finding {
  const quarter = Math.max(1, Math.floor(values.length / 4));
  const [warm, last] = [median(values.slice(quarter, 2 * quarter)), median(values.slice(-quarter))];
  return {
    what,
    value: `${warm.toFixed(0)} → ${last.toFixed(0)}`,
    bound: `≤ ${(warm * factor + slack).toFixed(0)}`,
    ok: last <= warm * factor + slack,
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function channelsOf({ management_url, management_user, management_password }: Run): Promise<number> {
  const login = Buffer.from(`${management_user}:${management_password}`).toString('base64');
  const answer = await fetch(`${management_url}/api/overview`, {
    headers: { authorization: `Basic ${login}` },
    signal: AbortSignal.timeout(20_000),
  });
  const { object_totals } = (await answer.json()) as { object_totals: { channels: number } };
  return object_totals.channels;
}
