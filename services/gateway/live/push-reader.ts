import type { Closeable } from '../../../shared/bus/bus.ts';
import type { Gateway } from '../gateway.ts';

type Needs = Pick<Gateway, 'bus' | 'hub' | 'fleet' | 'newborns'>;

/** Hands what is pushed over the bus to whoever in this process follows it. */
export const listenToPushes = ({ bus, hub, fleet, newborns }: Needs): Promise<Closeable> =>
  bus.onPush({
    events: (events) => {
      for (const { job } of events) newborns.forget(job);
      hub.events(events);
    },
    alive: (worker) => fleet.heard(worker),
    resync: () => hub.resync(),
  });
