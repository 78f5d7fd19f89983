import type { Part } from '../service.ts';
import { type Bus, type BusOptions, connectBus } from './bus.ts';

/** The bus as a part of a service. */
export interface BusPart extends Part {
  /** The bus, once this part has started. */
  open(): Bus;
  /** The broker as a readiness check sees it: `ok`, or what is wrong. */
  state(): string;
}

export function busPart(options: BusOptions): BusPart {
  let bus: Bus | undefined;
  return {
    name: 'bus',
    start: async () => {
      bus = await connectBus(options);
    },
    stop: async () => bus?.close(),
    open: () => {
      if (bus === undefined) throw new Error('the bus has not started yet');
      return bus;
    },
    state: () => {
      const { connected, blocked } = bus?.health() ?? { connected: false, blocked: undefined };
      if (!connected) return 'not connected';
      return blocked === undefined ? 'ok' : `publishing is blocked: ${blocked}`;
    },
  };
}
