import { firstAddress } from '../../../shared/amqp-addresses.ts';
import { isRunning } from '../broker/broker-process.ts';
import { isHealthy } from '../broker/health.ts';
import { type RunFile, SERVICES, type ServiceName } from '../supervisor/run-file.ts';

const ANSWER_TIMEOUT_MS = 3_000;

/** One process of a running Warren. */
export interface PartReport {
  readonly name: string;
  readonly pid: number | null;
  readonly healthy: boolean;
  /** `ok`, or what is wrong. */
  readonly state: string;
  readonly url: string | null;
}

export interface Report {
  readonly healthy: boolean;
  readonly parts: readonly PartReport[];
  readonly run: RunFile;
}

interface ReadyAnswer {
  readonly status?: string;
  readonly dependencies?: Readonly<Record<string, unknown>>;
}

const describe = ({ dependencies = {}, status }: ReadyAnswer): string =>
  Object.entries(dependencies)
    .filter(([, state]) => state !== 'ok')
    .map(([name, state]) => `${name}: ${typeof state === 'string' ? state : JSON.stringify(state)}`)
    .join('; ') ||
  (status ?? 'not ready');

async function readyz(url: string): Promise<{ healthy: boolean; state: string }> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const body = (await answer.json().catch(() => ({}))) as ReadyAnswer;
    return answer.ok ? { healthy: true, state: 'ok' } : { healthy: false, state: describe(body) };
  } catch (error) {
    return { healthy: false, state: `does not answer (${(error as Error).message})` };
  }
}

async function service(run: RunFile, name: ServiceName): Promise<PartReport> {
  const pid = run.pids[name];
  const url = name === 'gateway' ? run.gateway_url : (run.health_urls[name] ?? null);
  if (pid === null || !isRunning(pid))
    return { name, pid, url, healthy: false, state: 'down, waiting for its restart' };
  if (url === null) return { name, pid, url, healthy: false, state: 'starting' };
  return { name, pid, url, ...(await readyz(url)) };
}

async function broker(run: RunFile): Promise<PartReport> {
  const { management_url: url, management_user: user, management_password: password, pids } = run;
  const part = { name: 'broker', pid: pids.broker, url };
  if (url === null || user === null || password === null)
    return { ...part, healthy: true, state: 'not ours; the services tell' };
  const listener = Number(firstAddress(run.amqp_url).port) || 5672;
  const healthy = await isHealthy({ managementUrl: url, user, password, listener });
  return { ...part, healthy, state: healthy ? 'ok' : 'does not answer' };
}

function database(run: RunFile): PartReport {
  const pid = run.pids.database;
  const part = { name: 'database', pid, url: null };
  if (pid === null) return { ...part, healthy: true, state: 'not ours; the services tell' };
  return isRunning(pid)
    ? { ...part, healthy: true, state: 'ok' }
    : { ...part, healthy: false, state: 'down, waiting for its restart' };
}

const supervisor = ({ pids }: RunFile): PartReport => {
  const healthy = pids.supervisor !== null && isRunning(pids.supervisor);
  return { name: 'supervisor', pid: pids.supervisor, url: null, healthy, state: healthy ? 'ok' : 'gone' };
};

/** Asks every part of a running Warren how it is. */
export async function readHealth(run: RunFile): Promise<Report> {
  const parts = [
    supervisor(run),
    ...(await Promise.all([broker(run), database(run), ...SERVICES.map((name) => service(run, name))])),
  ];
  return { healthy: parts.every((part) => part.healthy), parts, run };
}
