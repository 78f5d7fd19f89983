import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Submitter } from '../load/submitter.ts';
import { untilNoneLeft } from '../load/until-empty.ts';
import { startMockProcess } from '../support/mock-process.ts';
import { quantile } from '../support/quantiles.ts';
import { ANN, startWarren, type Warren } from '../support/warren.ts';
import { startServer } from './compare/floors/floor.ts';
import { httpRequest, openWarm } from './compare/load/http-connection.ts';
import { closedLoop, submit } from './compare/load/loops.ts';
import { cpuMs, type Roots, total } from './compare/machine/usage.ts';
import { JOB } from './compare/systems/system.ts';

/**
 * Whether a job has become dearer: the CPU time that Warren's own processes take for one, as a multiple of what Koa alone
 * takes for a request on the same machine at the same time. The broker is left out, since its version is the machine's.
 * It never fails: it says when the ratio is well above the one that was recorded last.
 *
 *     npm run bench:guard              compares
 *     npm run bench:guard -- --record  records
 */
const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } });

const RECORD = new URL('guard.json', import.meta.url);
const ROUNDS = 2;
const JOBS = 1_000;
const REQUESTS = 2_000;
const CONNECTIONS = 32;
const DRAIN_MS = 30_000;
/** On a machine that is busy with other things there is nothing to learn. */
const LIMIT_MS = 60_000;
/** What the ratio varies by between runs of the same code, and some more. */
const TOLERANCE = 1.25;
const OWN = ['gateway', 'rag-orchestrator', 'embedder', 'database'];

async function costOf(
  port: number,
  processes: Roots,
  count: number,
  headers: Record<string, string>,
  done: () => unknown,
) {
  const request = httpRequest('POST', '/v1/jobs', headers, JOB);
  const connections = await openWarm(port, CONNECTIONS, request);
  try {
    await done();
    const before = total(cpuMs(processes));
    await closedLoop(connections, { calls: count }, (one) => submit(one, request));
    await done();
    return (total(cpuMs(processes)) - before) / count;
  } finally {
    for (const connection of connections) connection.close();
  }
}

async function ownProcesses(warren: Warren): Promise<Roots> {
  const { pids } = await warren.run();
  return OWN.flatMap((role) => (pids[role] ? [{ role, pid: pids[role] }] : []));
}

/** Of each round. */
async function ratios(warren: Warren, koa: { part: { role: string; pid: number }; port: number }): Promise<number[]> {
  const processes = await ownProcesses(warren);
  const port = Number(new URL(warren.url).port);
  const key = { authorization: `Bearer ${ANN}` };
  const api = new Submitter(warren.url, 1);
  const drained = async () => {
    if ((await untilNoneLeft(api, DRAIN_MS)) === undefined) throw new Error(`jobs were left after ${DRAIN_MS} ms`);
  };
  const found: number[] = [];
  try {
    for (let round = 0; round <= ROUNDS; round += 1) {
      const least = await costOf(koa.port, [koa.part], REQUESTS, {}, () => undefined);
      const job = await costOf(port, processes, JOBS, key, drained);
      if (round > 0) found.push(job / least); // the first warms them up
    }
  } finally {
    api.close();
  }
  return found;
}

const late = (ms: number): Promise<never> =>
  new Promise((_, reject) => setTimeout(() => reject(new Error(`it took more than ${ms / 1000} s`)), ms));

/** Rejects when somebody wants us to end. */
const unwanted = new Promise<never>((_, reject) => {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => reject(new Error(name)));
});
unwanted.catch(() => undefined); // it may come while something starts

async function measured(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'warren-guard-'));
  const model = await startMockProcess();
  const koa = await startServer('koa-alone.mjs', folder);
  try {
    const warren = await startWarren({
      EMBEDDER: 'openai',
      EMBEDDING_MODEL: 'mock-d4',
      OPENAI_BASE_URL: model.url,
      LOG_LEVEL: 'warn',
    });
    try {
      return quantile(await Promise.race([ratios(warren, koa), late(LIMIT_MS), unwanted]), 0.5);
    } finally {
      await warren.stop();
    }
  } finally {
    await koa.part.kill();
    await model.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(ratio: number): void {
  const { ratio: recorded } = JSON.parse(readFileSync(RECORD, 'utf8')) as { ratio: number };
  const rounded = Number(ratio.toFixed(1));
  if (values.record) writeFileSync(RECORD, `{ "ratio": ${rounded} }\n`);
  console.log(`CPU of a job: ${rounded} times that of a request to Koa alone; recorded: ${recorded}`);
  if (ratio > recorded * TOLERANCE && !values.record)
    console.log(`WARNING: a job takes ${(ratio / recorded).toFixed(2)} times the CPU it took when that was recorded`);
}

try {
  report(await measured());
} catch (error) {
  console.log(`WARNING: the CPU of a job could not be measured: ${(error as Error).message}`);
}
process.exit(0);
