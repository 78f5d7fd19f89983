import type { Logger } from 'pino';
import type { Closeable } from './closeable.ts';
import type { Link } from './connection.ts';
import type { Delivery } from './delivery.ts';
import { FetchedLanes } from './fetched-lanes.ts';
import { PushedLanes } from './pushed-lanes.ts';
import type { LaneSpecs } from './topology.ts';

/** Up to so many commands at once a worker is taken to do heavy work, of which it should hold nothing in reserve. */
const MOST_FETCHED = 8;

/** Where a worker gets its commands: in weighted order, one whenever it has a slot free. */
export interface Lanes extends Closeable {
  /** The next delivery, as soon as there is one, of an `express` slot from the high lane only; undefined once stopped. */
  take(express?: boolean): Promise<Delivery | undefined>;
  /**
   * Takes nothing for a while, and gives back what nobody has begun. Then one command is taken alone, and the others once
   * it was `answered`. A second pause can only make it longer.
   */
  pause(ms: number): void;
  /** A command has shown that its provider is there. */
  answered(delivery: Delivery): void;
  /** A command is over, whatever it has shown. */
  ended(delivery: Delivery): void;
  /** Takes no more, and gives back what nobody has begun. What runs can be acked until `close`. */
  stop(): Promise<void>;
}

export interface LanesOptions {
  readonly link: Link;
  readonly log: Logger;
  readonly lanes: LaneSpecs;
  readonly concurrency: number;
  /** Slots beside the others that serve the high lane alone. */
  readonly express: number;
  /** Puts a delivery back into its lane without counting it. Never rejects. */
  giveBack(delivery: Delivery, lane: string): Promise<void>;
}

/**
 * Two ways with the same meaning. Pushed lanes are fast, and hold some commands ahead of the free slots; behind others
 * that run for minutes those would wait while another worker is idle, so small workers fetch command by command.
 */
export const openLanes = (options: LanesOptions): Promise<Lanes> =>
  options.concurrency > MOST_FETCHED || options.express > 0 ? PushedLanes.open(options) : FetchedLanes.open(options);
