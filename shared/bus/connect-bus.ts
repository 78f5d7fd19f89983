import type { Bus, BusOptions } from './bus.ts';

/** Resolves when connected and the topology stands; tries until then. @throws {TopologyError} */
export async function connectBus(options: BusOptions): Promise<Bus> {
  throw new Error(`not built yet (${options.instance})`);
}
