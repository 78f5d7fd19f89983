import type { Logger } from 'pino';
import { BrokerUnavailableError, RefusedError, UnroutableError } from './broker-errors.ts';
import { backoffMs, pause } from './pause.ts';
import type { Outgoing, Publisher } from './publisher.ts';

const TRY_TIMEOUT_MS = 10_000;
const FIRST_BACKOFF_MS = 100;
const MOST_BACKOFF_MS = 5_000;

export interface SurePublisher {
  /**
   * Publishes until the broker has the message, whatever stands in the way, for `timeoutMs` (may be Infinity) at most. A
   * refusal of what is `refusable` is final.
   * @throws the last error
   */
  publish(message: Outgoing, timeoutMs: number): Promise<void>;
}

/** `mend` is called when a message could not be routed: something of the topology is missing. */
export function surely(publisher: Publisher, mend: () => Promise<void>, stop: AbortSignal, log: Logger): SurePublisher {
  const publish = async (message: Outgoing, timeoutMs: number) => {
    const until = Date.now() + timeoutMs;
    for (let failures = 1; ; failures += 1) {
      try {
        return await publisher.publish(message, Math.max(1, Math.min(TRY_TIMEOUT_MS, until - Date.now())));
      } catch (error) {
        const waitMs = backoffMs(failures, FIRST_BACKOFF_MS, MOST_BACKOFF_MS);
        const isFinal = message.refusable === true && error instanceof RefusedError;
        if (isFinal || Date.now() + waitMs >= until) throw error;
        log.warn({ id: message.properties.messageId, err: error }, 'a message was not confirmed, sending it again');
        if (error instanceof UnroutableError) await mend();
        await pause(waitMs, stop);
        if (stop.aborted) throw new BrokerUnavailableError('the bus is closed', { cause: error });
      }
    }
  };
  return { publish };
}
