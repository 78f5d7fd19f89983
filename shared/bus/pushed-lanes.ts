import { PRIORITIES, type Priority } from '../messages/job.ts';
import { once } from './closeable.ts';
import type { Delivery } from './delivery.ts';
import { NO_CREDITS, nextLane } from './lane-order.ts';
import { lanePause } from './lane-pause.ts';
import type { Lanes, LanesOptions } from './lanes.ts';
import { type Subscription, subscribe } from './subscribe.ts';

/**
 * Deliveries of a lane that may be here at once, for each slot. Any lane may have to fill all slots. Twice as many keep the
 * upper lanes from running dry, for as long as an ack takes, in favour of low.
 */
const FILLS: Readonly<Record<Priority, number>> = { high: 2, normal: 2, low: 1 };

type Taker = (delivery: Delivery | undefined) => void;

/** The broker pushes, a bounded number ahead from each lane; which one is next is decided when a slot is free. */
export async function pushedLanes({ link, log, lanes, concurrency, giveBack }: LanesOptions): Promise<Lanes> {
  const held: Record<Priority, Delivery[]> = { high: [], normal: [], low: [] };
  let credits = NO_CREDITS;
  let takers: Taker[] = [];
  let stopped = false;

  const hand = () => {
    while (takers.length > 0 && !pausing.active) {
      const filled = PRIORITIES.filter((priority) => held[priority].length > 0);
      const next = nextLane(credits, filled);
      if (next === undefined) return;
      credits = next.credits;
      takers.shift()?.(held[next.lane].shift());
    }
  };

  const subscriptions: Subscription[] = await Promise.all(
    PRIORITIES.map((priority) =>
      subscribe({
        link,
        log,
        queue: lanes[priority],
        prefetch: concurrency * FILLS[priority],
        onDelivery: (delivery) => {
          held[priority].push(delivery);
          hand();
        },
        onGone: () => {
          held[priority] = [];
        },
      }),
    ),
  );

  const halt = async () => {
    await Promise.all(subscriptions.map((subscription) => subscription.stop()));
    await Promise.all(
      PRIORITIES.flatMap((priority) =>
        held[priority].splice(0).map((delivery) => giveBack(delivery, lanes[priority].name)),
      ),
    );
  };
  const resume = async () => {
    await Promise.all(subscriptions.map((subscription) => subscription.start()));
    hand();
  };
  const pausing = lanePause(halt, resume);

  return {
    take: () =>
      new Promise((resolve) => {
        if (stopped) return resolve(undefined);
        takers.push(resolve);
        hand();
      }),
    pause: pausing.for,
    stop: once(async () => {
      stopped = true;
      for (const taker of takers.splice(0)) taker(undefined);
      await pausing.end();
      await halt();
    }),
    close: once(async () => {
      stopped = true;
      takers = [];
      await Promise.all(subscriptions.map((subscription) => subscription.close()));
    }),
  };
}
