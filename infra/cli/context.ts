import { resolve } from 'node:path';
import { PROJECT_ROOT } from '../start/project-root.ts';
import { readRunFile } from '../start/supervisor/run-file.ts';
import { WarrenClient } from './client.ts';
import { UsageError } from './errors.ts';
import type { Terminal } from './terminal.ts';

const DEFAULT_URL = 'http://127.0.0.1:8000';

/** What every command works with. */
export interface Context {
  readonly client: WarrenClient;
  readonly terminal: Terminal;
  readonly json: boolean;
}

/** Options that every command has. */
export interface GlobalOptions {
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
}

export function contextOf({ url, key, json }: GlobalOptions, env: NodeJS.ProcessEnv, terminal: Terminal): Context {
  const client = new WarrenClient({
    url: gatewayUrl(url, env),
    key: key ?? env.WARREN_API_KEY,
    signal: terminal.signal,
  });
  return { client, terminal, json: json === true };
}

/** @throws {UsageError} when it is no HTTP URL */
function gatewayUrl(given: string | undefined, env: NodeJS.ProcessEnv): string {
  const url = given ?? (env.WARREN_URL || undefined) ?? runningHere(env) ?? DEFAULT_URL;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) throw new UsageError(`"${url}" is no http(s) URL`);
  return url;
}

/** The gateway that `npm start` brought up on this data folder, if one runs. */
function runningHere({ DATA_DIR }: NodeJS.ProcessEnv): string | undefined {
  try {
    return readRunFile(resolve(PROJECT_ROOT, DATA_DIR || '.data'))?.gateway_url;
  } catch {
    return undefined;
  }
}
