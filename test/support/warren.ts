import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';

const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 60_000;
const ROOT = new URL('../../', import.meta.url).pathname;

export interface Run {
  readonly gateway_url: string;
  readonly amqp_url: string;
  readonly management_url: string;
  readonly management_user: string;
  readonly management_password: string;
  readonly database_url: string;
  readonly pids: Readonly<Record<string, number>>;
}

export const ADMIN = 'admin-key-0001';
export const ANN = 'ann-key-000001';
export const BOB = 'bob-key-000001';

/** A whole Warren as `npm start` runs it: supervisor, own broker, database and services, in its own data folder. */
export interface Warren {
  readonly dataDir: string;
  readonly url: string;
  run(): Promise<Run>;
  /** Sends a signal to one of the processes in run.json. */
  kill(name: string, signal?: NodeJS.Signals): Promise<number>;
  /** Waits until a process killed before is replaced and the gateway says it is ready. */
  healed(name: string, oldPid: number): Promise<void>;
  ready(): Promise<void>;
  stop(): Promise<number | null>;
}

export async function startWarren(env: NodeJS.ProcessEnv = {}): Promise<Warren> {
  const dataDir = await mkdtemp(join(tmpdir(), 'warren-e2e-'));
  const child = spawn(process.execPath, ['infra/bootstrap.mjs', 'start', '--no-demo'], {
    cwd: ROOT,
    env: {
      ...process.env,
      AMQP_URL: undefined,
      DATABASE_URL: undefined,
      DATA_DIR: dataDir,
      PORT: '0',
      API_KEYS: `root:${ADMIN}:admin,ann:${ANN},bob:${BOB}`,
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  child.stdout.on('data', (text) => output.push(String(text)));
  child.stderr.on('data', (text) => output.push(String(text)));
  try {
    const warren = await attach(child, dataDir, output);
    return warren;
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`Warren did not start:\n${output.join('')}`, { cause: error });
  }
}

async function attach(child: ChildProcess, dataDir: string, output: string[]): Promise<Warren> {
  const file = join(dataDir, 'run.json');
  const run = async (): Promise<Run> => JSON.parse(await readFile(file, 'utf8')) as Run;
  await eventually(
    async () => {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}:\n${output.join('')}`);
      return existsSync(file) && (await isReady((await run()).gateway_url));
    },
    { within: START_TIMEOUT_MS, what: 'Warren to be ready', every: 250, fatal: () => child.exitCode !== null },
  );
  const url = (await run()).gateway_url;
  const ready = () => eventually(() => isReady(url), { within: 90_000, what: 'the gateway to be ready' });
  return {
    dataDir,
    url,
    run,
    ready,
    async kill(name, signal = 'SIGKILL') {
      const pid = (await run()).pids[name];
      if (pid === undefined) throw new Error(`run.json knows no process "${name}"`);
      process.kill(pid, signal);
      return pid;
    },
    async healed(name, oldPid) {
      await eventually(async () => (await run()).pids[name] !== oldPid, {
        within: 60_000,
        what: `${name} to be replaced`,
      });
      await ready();
    },
    async stop() {
      const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGINT');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
        await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
      }
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
