import type { Closeable } from '../../../shared/bus/bus.ts';
import type { Gateway } from '../gateway.ts';

/** Hands what is pushed over the bus to whoever in this process follows it. */
export const listenToPushes = ({ bus, hub, fleet }: Pick<Gateway, 'bus' | 'hub' | 'fleet'>): Promise<Closeable> =>
  bus.onPush({
    events: (events) => hub.events(events),
    alive: (worker) => fleet.heard(worker),
    resync: () => hub.resync(),
  });
