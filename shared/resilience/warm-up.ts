import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { OutageError, RetryableError, TerminalError } from '../bus/errors.ts';

/** A model may still be pulled, or a key mended. */
const AGAIN_MS = 5_000;

interface Warmable {
  readonly provider: string;
  /** Has the provider answer once. */
  warmUp(): Promise<void>;
}

export interface WarmUpOptions {
  readonly againMs?: number;
  readonly signal?: AbortSignal;
}

/** Whether commands may come. @throws what is no provider's error */
async function isReady(model: Warmable, log: Logger): Promise<boolean> {
  try {
    await model.warmUp();
    return true;
  } catch (error) {
    if (error instanceof OutageError || error instanceof RetryableError) {
      log.warn({ provider: model.provider, why: error.message }, 'the provider is out; its commands will wait');
      return true;
    }
    if (!(error instanceof TerminalError)) throw error;
    log.error(
      { provider: model.provider, why: error.message },
      'the provider refuses; no command is taken until it answers',
    );
    return false;
  }
}

/**
 * Resolves when commands may come: the first provider of the chain has answered once; or it is out, which its breaker,
 * the rest of the chain and the pause of the lanes deal with, as at any later time. A provider that refuses (no such
 * model, wrong key) would turn every command into a dead letter, so it is asked again until it answers.
 * @throws what is no provider's error: the model itself cannot be loaded
 */
export async function warmUpChain(chain: readonly Warmable[], log: Logger, options: WarmUpOptions = {}): Promise<void> {
  const { againMs = AGAIN_MS, signal } = options;
  const [first, ...fallbacks] = chain;
  for (const model of fallbacks) {
    model.warmUp().catch((error: Error) => {
      log.warn({ provider: model.provider, why: error.message }, 'the fallback has not answered yet');
    });
  }
  while (first !== undefined && !(await isReady(first, log))) {
    await sleep(againMs, undefined, signal === undefined ? {} : { signal });
  }
}
