import { type Bus, type Closeable, connectBus } from '../../shared/bus/bus.ts';
import { loadConfig } from '../../shared/config/config.ts';
import { healthServer } from '../../shared/health.ts';
import { createLogger } from '../../shared/logger.ts';
import { measureProcess } from '../../shared/metrics/metrics.ts';
import { runService } from '../../shared/service.ts';
import { generateAnswer } from './generate-answer.ts';
import { chooseLanguageModels } from './models/choose.ts';

const config = loadConfig('generator');
const log = createLogger(config.service, config.logLevel);
measureProcess(config.service);

const chain = chooseLanguageModels(config, log);
let bus: Bus | undefined;
let serving: Closeable | undefined;
let warm = false;

const broker = (): string => {
  const { connected, blocked } = bus?.health() ?? { connected: false, blocked: undefined };
  if (!connected) return 'not connected';
  return blocked === undefined ? 'ok' : `publishing is blocked: ${blocked}`;
};

const health = healthServer({
  host: config.healthHost,
  port: config.healthPort,
  readiness: () => ({ model: warm ? 'ok' : 'warming up', broker: broker() }),
});

await runService(
  log,
  [
    health,
    {
      name: 'models',
      start: async () => {
        // A provider that is out now does not keep the service down: its breaker and the chain deal with that.
        await Promise.all(
          chain.map((model) =>
            model.warmUp().catch((error: Error) => log.warn({ err: error, provider: model.provider }, 'no warm-up')),
          ),
        );
        warm = true;
      },
      stop: async () => {
        for (const model of chain) model.close();
      },
    },
    {
      name: 'bus',
      start: async () => {
        bus = await connectBus({ url: config.amqpUrl, instance: config.instance, partitions: config.partitions, log });
      },
      stop: async () => bus?.close(),
    },
    {
      name: 'commands',
      start: async () => {
        serving = await bus?.serve({
          service: 'generator',
          pool: config.pool,
          concurrency: config.generateConcurrency,
          handlers: [generateAnswer(chain)],
          models: chain.map(({ model }) => model),
          breakers: () => Object.assign({}, ...chain.map((model) => model.breakers())),
        });
      },
      stop: async () => serving?.close(),
    },
  ],
  () => ({ healthUrl: health.url() }),
);
