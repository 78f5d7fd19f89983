import type { Logger } from 'pino';
import type { ServeOptions } from './bus/bus.ts';
import { busPart } from './bus/bus-part.ts';
import type { Config } from './config/config.ts';
import { healthServer } from './health.ts';
import { part, runService } from './service.ts';

interface WorkerOptions extends Omit<ServeOptions, 'service' | 'pool'> {
  readonly service: ServeOptions['service'];
  readonly config: Config;
  readonly log: Logger;
  /** Loads the models and has them answer once, so that no job waits for it. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/** Runs a service that is nothing but functions from command to event: warm first, then it takes from its lanes. */
export async function runWorker({ config, log, warmUp, close, ...serve }: WorkerOptions): Promise<void> {
  const { healthHost: host, healthPort: port, amqpUrl: url, instance, partitions, pool } = config;
  const bus = busPart({ url, instance, partitions, log });
  let warm = false;
  const health = healthServer({
    host,
    port,
    readiness: () => ({ model: warm ? 'ok' : 'warming up', broker: bus.state() }),
  });
  const models = {
    name: 'models',
    start: async () => {
      await warmUp();
      warm = true;
    },
    stop: close,
  };
  const commands = part('commands', () => bus.open().serve({ ...serve, pool }));
  await runService(log, [health, models, bus, commands], () => ({ healthUrl: health.url() }));
}
