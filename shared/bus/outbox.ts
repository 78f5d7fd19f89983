import type { JournalRecord } from '../messages/record.ts';
import type { Outgoing } from './publisher.ts';

/** How a worker speaks: both resolve when confirmed, try as long as the bus is open, and keep the order of calls. */
export interface Outbox {
  /** @throws {TerminalError} a record too large for a message */
  append(records: readonly JournalRecord[]): Promise<void>;
  /** @throws {RefusedError} the broker refused what is `refusable` */
  publish(message: Outgoing): Promise<void>;
}
