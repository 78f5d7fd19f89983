import type { Channel } from 'amqplib';
import { PRIORITIES, type Priority } from '../messages/job.ts';
import { type Delivery, deliveryOf } from './delivery.ts';
import { answeredWithin, settlesWithin, untilAborted } from './pause.ts';
import type { LaneSpecs } from './topology.ts';

/**
 * Longest the broker may take over a lane. In a cluster whose node stands still it would take a minute, and answer at once
 * to another channel, since the lane has another leader by then (measured: 4.0.5).
 */
export const LANE_ANSWER_MS = 15_000;

export interface Found {
  readonly delivery: Delivery;
  readonly lane: Priority;
}

export interface WokenUp {
  /** What woke us; undefined when it was the signal. */
  readonly first: Found | undefined;
  /** Resolves, once nothing more can come, to what came beside it: at most one of each other lane. */
  readonly rest: Promise<readonly Found[]>;
}

export interface WakeUpOptions {
  readonly channel: Channel;
  readonly lanes: LaneSpecs;
  /** Ends the sleep. */
  readonly signal: AbortSignal;
  gone(): boolean;
  /** Called when the broker does not answer any more on this channel. */
  stuck(): void;
}

/**
 * Sleeps on all lanes until one of them has something. The channel's prefetch must be 1.
 * @throws {NoAnswerError} the broker does not answer on this channel
 */
export async function wakeUp({ channel, lanes, signal, gone, stuck }: WakeUpOptions): Promise<WokenUp> {
  const heard: Found[] = [];
  const woken = new AbortController();
  const listen = async (lane: Priority) => {
    const consumer = await channel.consume(lanes[lane].name, (message) => {
      // `null`: the lane was deleted. Asking it will tell.
      if (message !== null) heard.push({ lane, delivery: deliveryOf(channel, message, gone) });
      woken.abort();
    });
    return consumer.consumerTag;
  };
  const tags = await answeredWithin(Promise.all(PRIORITIES.map(listen)), LANE_ANSWER_MS, 'a subscription');
  await untilAborted(woken.signal, signal);
  const first = heard.shift();
  // A channel that has gone has no consumers to cancel.
  const cancelled = Promise.allSettled(tags.map((tag) => channel.cancel(tag)));
  const rest = async () => {
    if (!(await settlesWithin(cancelled, LANE_ANSWER_MS))) stuck();
    return heard;
  };
  return { first, rest: rest() };
}
