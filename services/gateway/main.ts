import { type Bus, type Closeable, connectBus } from '../../shared/bus/bus.ts';
import { loadConfig } from '../../shared/config/config.ts';
import { createLogger } from '../../shared/logger.ts';
import { measureProcess } from '../../shared/metrics/metrics.ts';
import { runService } from '../../shared/service.ts';
import { openDatabase } from '../../shared/store/database.ts';
import { createGateway } from './gateway.ts';
import { HttpServer } from './http-server.ts';
import { listenToPushes } from './live/push-reader.ts';

const config = loadConfig('gateway');
const log = createLogger(config.service, config.logLevel);
measureProcess(config.service);
if (config.apiKeys.length === 0)
  log.warn('API_KEYS is not set: no key is needed, and only this machine is listened to');

const db = openDatabase({ url: config.databaseUrl, poolSize: config.databasePool, log });
let bus: Bus | undefined;
let pushes: Closeable | undefined;
let server: HttpServer | undefined;

await runService(
  log,
  [
    { name: 'database', start: async () => undefined, stop: () => db.close() },
    {
      name: 'bus',
      start: async () => {
        const { amqpUrl: url, managementUrl, instance, partitions } = config;
        bus = await connectBus({
          url,
          instance,
          partitions,
          log,
          ...(managementUrl === undefined ? {} : { managementUrl }),
        });
      },
      stop: async () => bus?.close(),
    },
    {
      name: 'http',
      start: async () => {
        if (bus === undefined) throw new Error('the bus comes first');
        const gateway = createGateway({ bus, db, log, config });
        pushes = await listenToPushes(gateway);
        server = new HttpServer(gateway);
        await server.listen(config.port, config.host);
      },
      stop: async () => {
        await server?.close();
        await pushes?.close();
      },
    },
  ],
  () => {
    const url = server?.url ?? '';
    return { url, healthUrl: url };
  },
);
