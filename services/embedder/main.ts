import { type Bus, type Closeable, connectBus } from '../../shared/bus/bus.ts';
import { loadConfig } from '../../shared/config/config.ts';
import { healthServer } from '../../shared/health.ts';
import { createLogger } from '../../shared/logger.ts';
import { measureProcess } from '../../shared/metrics/metrics.ts';
import { runService } from '../../shared/service.ts';
import { embedTexts } from './embed-texts.ts';
import { chooseEmbeddingModel } from './models/choose.ts';

const config = loadConfig('embedder');
const log = createLogger(config.service, config.logLevel);
measureProcess(config.service);

const model = chooseEmbeddingModel(config);
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
      // The model has answered once before the first command is taken: no job waits for it to load.
      name: 'model',
      start: async () => {
        await model.warmUp();
        warm = true;
      },
      stop: () => model.close(),
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
          service: 'embedder',
          pool: config.pool,
          concurrency: config.embedConcurrency,
          handlers: [embedTexts(model)],
          models: [model.name],
        });
      },
      stop: async () => serving?.close(),
    },
  ],
  () => ({ healthUrl: health.url() }),
);
