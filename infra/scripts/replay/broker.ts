import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { amqpAddresses } from '../../../shared/amqp-addresses.ts';
import { BrokerUnavailableError, type Bus, connectBus } from '../../../shared/bus/bus.ts';
import { createLogger } from '../../../shared/logger.ts';

const CONNECT_TIMEOUT_MS = 15_000;
const DEFAULT_PARTITIONS = 1;

/** The script cannot begin; the message says what to mend. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/**
 * The broker's URL: AMQP_URL, or a file that AMQP_URL_FILE names, or that of the Warren running in DATA_DIR.
 * @throws {SetupError} when there is none
 */
export async function brokerUrl(env: NodeJS.ProcessEnv): Promise<string> {
  if (env.AMQP_URL) return env.AMQP_URL;
  if (env.AMQP_URL_FILE) return (await readFile(env.AMQP_URL_FILE, 'utf8')).trim();
  const file = join(env.DATA_DIR || '.data', 'run.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw new SetupError(`no AMQP_URL is set and no Warren runs here (${file} does not exist)`);
  const { amqp_url: url } = JSON.parse(text) as { amqp_url?: unknown };
  if (typeof url !== 'string') throw new SetupError(`${file} names no amqp_url`);
  return url;
}

/** `PARTITIONS` must be what the services run with: it tells which journal belongs to a job. */
function partitions(env: NodeJS.ProcessEnv): number {
  const count = Number(env.PARTITIONS || DEFAULT_PARTITIONS);
  if (!Number.isInteger(count) || count < 1) throw new SetupError('PARTITIONS must be a whole number from 1 on');
  return count;
}

/** Connects, or gives up after a while. @throws {SetupError} @throws {BrokerUnavailableError} */
export async function connect(env: NodeJS.ProcessEnv): Promise<Bus> {
  const url = await brokerUrl(env);
  const connecting = connectBus({
    url,
    instance: `replay-${hostname()}-${process.pid}`,
    partitions: partitions(env),
    log: createLogger('replay', env.LOG_LEVEL || 'silent'),
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new BrokerUnavailableError(`no broker answers at ${hostsOf(url)}`)),
      CONNECT_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([connecting, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The URLs without their logins. */
const hostsOf = (urls: string): string => {
  try {
    return amqpAddresses(urls)
      .map((url) => new URL(url).host)
      .join(', ');
  } catch {
    return 'the AMQP_URL given (it is not a URL)';
  }
};
