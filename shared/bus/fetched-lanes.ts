import type { Channel, ConsumeMessage } from 'amqplib';
import { PRIORITIES, type Priority } from '../messages/job.ts';
import { once } from './closeable.ts';
import { declareQueue } from './declare.ts';
import { type Delivery, deliveryOf } from './delivery.ts';
import { keepChannel } from './keep-channel.ts';
import { type Credits, NO_CREDITS, nextLane } from './lane-order.ts';
import { lanePause } from './lane-pause.ts';
import type { Lanes, LanesOptions } from './lanes.ts';
import { pause } from './pause.ts';

const AFTER_TROUBLE_MS = 100;

interface Found {
  readonly delivery: Delivery;
  readonly lane: Priority;
}

/**
 * The worker fetches: whenever a slot is free it asks the lanes in weighted order with basic.get, so it holds nothing
 * that it does not run. Only when all lanes are empty does it subscribe to them, with a prefetch of one, to be woken by
 * the next command; then it unsubscribes. So an idle worker costs nothing and is still told at once. When several lanes
 * speak at the same moment and no slot is left, what cannot be run is given back.
 */
export async function fetchedLanes({ link, log, lanes, giveBack }: LanesOptions): Promise<Lanes> {
  const stopped = new AbortController();
  /** Aborted to wake a sleeping hunt: at a pause, at the end, when the channel goes. */
  let rouse = new AbortController();
  let channel: Channel | undefined;
  let opened = () => {};
  let credits: Credits = NO_CREDITS;
  let stash: Found[] = [];
  let unwinding: Promise<void> = Promise.resolve();
  let takers = 0;
  let hunts: Promise<unknown> = Promise.resolve();

  const rouseNow = () => {
    rouse.abort();
    rouse = new AbortController();
  };

  const found = (on: Channel, lane: Priority, message: Parameters<typeof deliveryOf>[1]): Found => ({
    lane,
    delivery: deliveryOf(on, message, () => channel !== on),
  });

  const kept = keepChannel({
    link,
    log,
    name: 'lanes',
    open: (connection) => connection.createChannel(),
    opened: async (fresh) => {
      for (const priority of PRIORITIES) await declareQueue(fresh, lanes[priority]);
      await fresh.prefetch(1);
      channel = fresh;
      opened();
    },
    gone: () => {
      channel = undefined;
      stash = [];
      rouseNow();
    },
  });

  const whenOpen = () =>
    new Promise<void>((resolve) => {
      opened = resolve;
      if (channel !== undefined) resolve();
      else stopped.signal.addEventListener('abort', () => resolve(), { once: true });
    });

  /** Asks lane by lane, in the order of what they are owed. */
  const ask = async (on: Channel): Promise<Found | undefined> => {
    let candidates: readonly Priority[] = PRIORITIES;
    for (;;) {
      const next = nextLane(credits, candidates);
      if (next === undefined) return undefined;
      const message = await on.get(lanes[next.lane].name);
      if (message !== false) {
        credits = next.credits;
        return found(on, next.lane, message);
      }
      candidates = candidates.filter((lane) => lane !== next.lane);
    }
  };

  /** Sleeps until a lane has something. The rest of waking up goes on in `unwinding`. */
  const sleep = async (on: Channel): Promise<Found | undefined> => {
    const woken = rouse;
    const heard: Found[] = [];
    const consumers = await Promise.all(
      PRIORITIES.map((lane) =>
        on.consume(lanes[lane].name, (message: ConsumeMessage | null) => {
          if (message !== null) heard.push(found(on, lane, message));
          woken.abort();
        }),
      ),
    );
    await untilAborted(AbortSignal.any([woken.signal, stopped.signal]));
    if (woken === rouse) rouse = new AbortController();
    const first = heard.shift();
    unwinding = unwind(
      on,
      consumers.map(({ consumerTag }) => consumerTag),
      heard,
    );
    return first;
  };

  const unwind = async (on: Channel, tags: readonly string[], heard: Found[]) => {
    // Lost with its channel: then there is nothing to cancel.
    await Promise.allSettled(tags.map((tag) => on.cancel(tag)));
    if (channel !== on) return;
    const room = stopped.signal.aborted || pausing.active ? 0 : takers;
    stash.push(...heard.slice(0, room));
    await Promise.all(heard.slice(room).map((extra) => giveBack(extra.delivery, lanes[extra.lane].name)));
  };

  const hunt = async (): Promise<Delivery | undefined> => {
    while (!stopped.signal.aborted) {
      await unwinding;
      await pausing.over();
      const on = channel;
      if (on === undefined) {
        await whenOpen();
        continue;
      }
      try {
        const next = stash.shift() ?? (await ask(on)) ?? (await sleep(on));
        if (next === undefined) continue;
        if (!stopped.signal.aborted && !pausing.active) return next.delivery;
        await giveBack(next.delivery, lanes[next.lane].name);
      } catch (error) {
        if (!stopped.signal.aborted) log.warn({ err: error }, 'the lanes could not be asked');
        await pause(AFTER_TROUBLE_MS, stopped.signal);
      }
    }
    return undefined;
  };

  const giveBackStash = async () => {
    rouseNow();
    await unwinding;
    await Promise.all(stash.splice(0).map(({ delivery, lane }) => giveBack(delivery, lanes[lane].name)));
  };
  const pausing = lanePause(giveBackStash, async () => {});

  await whenOpen();
  return {
    take: () => {
      takers += 1;
      const mine = hunts.then(hunt).finally(() => {
        takers -= 1;
      });
      hunts = mine;
      return mine;
    },
    pause: pausing.for,
    stop: once(async () => {
      stopped.abort();
      rouseNow();
      await pausing.end();
      await hunts;
      await giveBackStash();
    }),
    close: once(async () => {
      stopped.abort();
      await kept.close();
    }),
  };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
