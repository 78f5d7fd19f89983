import { BrokerUnavailableError } from '../../shared/bus/bus.ts';
import type { Gateway } from './gateway.ts';
import { Problem } from './problem.ts';

/**
 * Asks the broker something that an operator wants to know or do. A broker that is away is a refusal, not a wait.
 * @throws {Problem} broker_unavailable
 */
export async function askBroker<T>({ bus }: Pick<Gateway, 'bus'>, ask: () => Promise<T>): Promise<T> {
  if (!bus.health().connected) throw new Problem('broker_unavailable', 'the broker cannot be reached now, try again');
  try {
    return await ask();
  } catch (error) {
    const away = error instanceof BrokerUnavailableError || !bus.health().connected;
    throw away
      ? new Problem('broker_unavailable', 'the broker went away meanwhile, try again', { cause: error })
      : error;
  }
}
