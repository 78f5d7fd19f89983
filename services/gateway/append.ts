import { RefusedError, UnroutableError } from '../../shared/bus/broker-errors.ts';
import { BrokerUnavailableError, OverloadedError } from '../../shared/bus/bus.ts';
import { TerminalError } from '../../shared/bus/errors.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import type { Gateway } from './gateway.ts';
import { Problem } from './problem.ts';

const APPEND_TIMEOUT_MS = 10_000;

/** New work is refused before anything is written for it. @throws {Problem} draining, broker_unavailable */
export function refuseWhenUnfit({ lifecycle, bus }: Gateway): void {
  if (lifecycle.draining) throw new Problem('draining', 'this gateway is shutting down, ask again');
  const { connected, blocked } = bus.health();
  if (!connected) throw new Problem('broker_unavailable', 'the broker cannot be reached now, try again');
  if (blocked !== undefined) throw new Problem('broker_unavailable', `the broker takes nothing now: ${blocked}`);
}

/**
 * Writes one record to its job's journal; once this resolves, it is safe.
 * @throws {Problem} broker_unavailable, overloaded, payload_too_large
 */
export async function append(gateway: Gateway, record: JournalRecord): Promise<void> {
  refuseWhenUnfit(gateway);
  try {
    await gateway.bus.append([record], { timeoutMs: APPEND_TIMEOUT_MS, failFast: true });
  } catch (error) {
    throw refusalOf(error);
  }
}

function refusalOf(error: unknown): unknown {
  if (error instanceof BrokerUnavailableError || error instanceof UnroutableError) {
    return new Problem('broker_unavailable', 'the broker did not confirm, try again', { cause: error });
  }
  if (error instanceof OverloadedError || error instanceof RefusedError) {
    return new Problem('overloaded', 'too much waits for the broker already, try again', { cause: error });
  }
  if (error instanceof TerminalError) return new Problem('payload_too_large', error.message, { cause: error });
  return error;
}
