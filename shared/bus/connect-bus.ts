import { BrokerBus } from './broker-bus.ts';
import { TopologyError } from './broker-errors.ts';
import type { Bus, BusOptions } from './bus.ts';
import { connectLink } from './connection.ts';
import { backoffMs, pause } from './pause.ts';
import { TopologyKeeper } from './topology-keeper.ts';

const FIRST_BACKOFF_MS = 100;
const MOST_BACKOFF_MS = 5_000;

/** Resolves when connected and the topology stands; tries until then, and logs why it waits. @throws {TopologyError} */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { url, instance, log } = options;
  // Two connections: the broker may block the one that publishes, and acks must still get through.
  const sending = connectLink(url, `${instance} (publishes)`, log);
  const receiving = connectLink(url, `${instance} (consumes)`, log);
  const topology = new TopologyKeeper(receiving, options);
  try {
    await declareFirst(topology, options);
    await sending.connection(new AbortController().signal);
    return new BrokerBus({ ...options, sending, receiving, topology });
  } catch (error) {
    await Promise.all([sending.close(), receiving.close()]);
    throw error;
  }
}

async function declareFirst(topology: TopologyKeeper, { log }: BusOptions): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await topology.declare();
    } catch (error) {
      if (error instanceof TopologyError) throw error;
      log.warn({ err: error }, 'the topology could not be declared yet');
      await pause(backoffMs(failures, FIRST_BACKOFF_MS, MOST_BACKOFF_MS));
    }
  }
}
