import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const SERVICES = ['gateway', 'embedder', 'generator', 'rag-orchestrator'] as const;
export type ServiceName = (typeof SERVICES)[number];
export type ProcessName = 'supervisor' | 'broker' | 'database' | ServiceName;

/** What a running Warren consists of and where it is; `null` stands for what is down just now, or is not ours. */
export interface RunFile {
  readonly gateway_url: string;
  readonly amqp_url: string;
  readonly management_url: string | null;
  readonly management_user: string | null;
  readonly management_password: string | null;
  readonly database_url: string;
  readonly pids: Readonly<Record<ProcessName, number | null>>;
  /** Base URL of each service's /livez, /readyz and /metrics. */
  readonly health_urls: Readonly<Partial<Record<ServiceName, string>>>;
  readonly log_dir: string;
  readonly started_at: string;
}

const runFile = (dataDir: string): string => join(dataDir, 'run.json');

/** Puts the file in place in one step, readable only by its owner: it holds passwords. */
export function writeRunFile(dataDir: string, run: RunFile): void {
  mkdirSync(dataDir, { recursive: true });
  const next = `${runFile(dataDir)}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, runFile(dataDir));
}

/** The run file of this data folder; undefined when nothing runs on it (or it was killed and could not tidy up). */
export function readRunFile(dataDir: string): RunFile | undefined {
  const file = runFile(dataDir);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RunFile) : undefined;
}

export const removeRunFile = (dataDir: string): void => rmSync(runFile(dataDir), { force: true });
