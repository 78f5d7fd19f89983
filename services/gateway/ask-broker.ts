import { BrokerUnavailableError, DeadLettersBusyError } from '../../shared/bus/bus.ts';
import type { Gateway } from './gateway.ts';
import { Problem } from './problem.ts';

/** Who acts on dead letters at a rate holds all of them, for a minute at most when it does so over HTTP. */
const BUSY_RETRY_S = 5;

/**
 * Asks the broker something that an operator wants to know or do. A broker that is away is a refusal, not a wait.
 * @throws {Problem} broker_unavailable, overloaded
 */
export async function askBroker<T>({ bus }: Pick<Gateway, 'bus'>, ask: () => Promise<T>): Promise<T> {
  if (!bus.health().connected) throw new Problem('broker_unavailable', 'the broker cannot be reached now, try again');
  try {
    return await ask();
  } catch (error) {
    if (error instanceof DeadLettersBusyError) {
      const headers = { 'Retry-After': String(BUSY_RETRY_S) };
      throw new Problem('overloaded', `${error.message}, try again`, { headers, cause: error });
    }
    const away = error instanceof BrokerUnavailableError || !bus.health().connected;
    throw away
      ? new Problem('broker_unavailable', 'the broker went away meanwhile, try again', { cause: error })
      : error;
  }
}
