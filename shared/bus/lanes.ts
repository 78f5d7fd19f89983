import type { Logger } from 'pino';
import type { Priority } from '../messages/job.ts';
import type { Closeable } from './closeable.ts';
import type { Link } from './connection.ts';
import type { Delivery } from './delivery.ts';
import { FetchedLanes } from './fetched-lanes.ts';
import { PushedLanes } from './pushed-lanes.ts';
import type { LaneSpecs } from './topology.ts';

/** Up to so many commands at once a worker is taken to do heavy work, of which it should hold nothing in reserve. */
const MOST_FETCHED = 8;

/** The lowest lane that an express slot serves. */
export type ExpressLane = Exclude<Priority, 'low'>;

/** Where a worker gets its commands: in weighted order, one whenever it has a slot free. */
export interface Lanes extends Closeable {
  /** The next delivery, as soon as there is one, for an express slot from its lane or above; undefined once stopped. */
  take(express?: ExpressLane): Promise<Delivery | undefined>;
  /**
   * Takes nothing for a while, and gives back what nobody has begun; what the broker does not take back is kept and comes
   * first later. Then one command is taken alone, and the others once it was `answered`. A second pause can only make it
   * longer.
   */
  pause(ms: number): void;
  /** Holds on to a delivery that was taken and cannot be dealt with now: it comes first later. Call `pause` before. */
  keep(delivery: Delivery): void;
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
  /** Work (see `weightOf`) at which the slots take nothing more, though some be free; undefined for no such bound. */
  readonly room?: number | undefined;
  /** There are slots beside the others for the upper lanes alone, whatever room there is. */
  readonly express: boolean;
  /** Puts a delivery back into its lane without counting it. @returns whether the broker let us. Never rejects */
  giveBack(delivery: Delivery, lane: string): Promise<boolean>;
}

/**
 * Two ways with the same meaning. Pushed lanes are fast, and hold some commands ahead of the free slots; behind others
 * that run for minutes those would wait while another worker is idle, so small workers fetch command by command.
 */
export function openLanes(options: LanesOptions): Promise<Lanes> {
  const { concurrency, express, room } = options;
  const isHeavy = concurrency <= MOST_FETCHED && !express && room === undefined;
  return isHeavy ? FetchedLanes.open(options) : PushedLanes.open(options);
}
