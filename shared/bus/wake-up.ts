import type { Channel } from 'amqplib';
import { PRIORITIES, type Priority } from '../messages/job.ts';
import { type Delivery, deliveryOf } from './delivery.ts';
import { untilAborted } from './pause.ts';
import type { LaneSpecs } from './topology.ts';

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
}

/** Sleeps on all lanes until one of them has something. The channel's prefetch must be 1. */
export async function wakeUp({ channel, lanes, signal, gone }: WakeUpOptions): Promise<WokenUp> {
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
  const tags = await Promise.all(PRIORITIES.map(listen));
  await untilAborted(woken.signal, signal);
  const first = heard.shift();
  // A channel that has gone has no consumers to cancel.
  const cancelled = Promise.allSettled(tags.map((tag) => channel.cancel(tag)));
  return { first, rest: cancelled.then(() => heard) };
}
