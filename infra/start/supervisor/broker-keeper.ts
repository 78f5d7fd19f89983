import { setTimeout as sleep } from 'node:timers/promises';
import type { PrivateBroker } from '../broker/broker.ts';
import { afterRun, type Backoff, NO_FAILURES } from './backoff.ts';
import type { Watcher } from './supervised-child.ts';

/**
 * Starts the broker again, on the same ports and data, whenever it ends.
 * @returns how to stop doing so; the broker itself is left as it is
 */
export function keepBroker(broker: PrivateBroker, { onChange, tell }: { onChange: () => void; tell: Watcher['tell'] }) {
  const stopped = new AbortController();
  let backoff: Backoff = NO_FAILURES;
  let startedAt = performance.now();

  const revive = async (how: string): Promise<void> => {
    const { delayMs, next } = afterRun(backoff, performance.now() - startedAt);
    backoff = next;
    onChange();
    tell(`RabbitMQ ended (${how}); starting it again in ${delayMs} ms`);
    await sleep(delayMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    if (stopped.signal.aborted) return;
    startedAt = performance.now();
    try {
      await broker.restart();
    } catch (error) {
      if (!stopped.signal.aborted) await revive((error as Error).message);
      return;
    }
    onChange();
    tell('RabbitMQ is back');
  };

  const unsubscribe = broker.onExit((how) => void revive(how));
  return () => {
    stopped.abort();
    unsubscribe();
  };
}
