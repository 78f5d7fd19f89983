import { resolve } from 'node:path';
import { readOptions } from '../start/options.ts';
import { PROJECT_ROOT } from '../start/project-root.ts';
import { claim, claimant } from '../start/supervisor/claim.ts';
import { gatewayPort } from '../start/supervisor/gateway-port.ts';
import { readRunFile } from '../start/supervisor/run-file.ts';
import { createWarren } from '../start/supervisor/warren.ts';

/** A Warren to speak to, and how to let it go. */
export interface Reached {
  readonly url: string;
  readonly key: string | undefined;
  /** Ends it in order if it was started for this run. */
  release(): Promise<void>;
  /** Ends it at once. */
  abandon(): void;
}

export interface Address {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * The Warren at `url`, else the one that runs on DATA_DIR; when none does, one is started there for this run: what it
 * has ingested is there for the next.
 * @throws {ExpectedFailure} saying why none could be started
 */
export async function reach({ url, key }: Address, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Reached> {
  const known = url ?? runningHere(env);
  if (known !== undefined) return { url: known, key, release: async () => undefined, abandon: () => undefined };
  return startHere(env, key, signal);
}

const dataDirOf = ({ DATA_DIR }: NodeJS.ProcessEnv): string => resolve(PROJECT_ROOT, DATA_DIR || '.data');

function runningHere(env: NodeJS.ProcessEnv): string | undefined {
  const dataDir = dataDirOf(env);
  return claimant(dataDir) === undefined ? undefined : readRunFile(dataDir)?.gateway_url;
}

async function startHere(env: NodeJS.ProcessEnv, key: string | undefined, signal: AbortSignal): Promise<Reached> {
  // Any free port: nobody else needs to find it.
  const options = readOptions(['--no-demo'], { ...env, PORT: '0' });
  const port = await gatewayPort(options.port, options.host);
  const giveBack = claim(options.dataDir);
  const warren = createWarren(options, port);
  const release = async () => {
    await warren.stop();
    giveBack();
  };
  const abandon = () => {
    warren.abandon();
    giveBack();
  };
  try {
    const { gateway_url } = await warren.start(signal);
    return { url: gateway_url, key: key ?? options.apiKey, release, abandon };
  } catch (error) {
    await release();
    throw error;
  }
}
