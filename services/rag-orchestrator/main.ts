import { type Bus, type Closeable, connectBus } from '../../shared/bus/bus.ts';
import { collectionDefaults } from '../../shared/config/collection-defaults.ts';
import { loadConfig } from '../../shared/config/config.ts';
import { healthServer } from '../../shared/health.ts';
import { createLogger } from '../../shared/logger.ts';
import { measureProcess } from '../../shared/metrics/metrics.ts';
import { type Part, runService } from '../../shared/service.ts';
import { openDatabase } from '../../shared/store/database.ts';
import { migratePatiently } from './migrate-patiently.ts';
import { retrievePassages } from './retrieve-passages.ts';
import { poolRoutes } from './routes.ts';
import { createSend } from './send.ts';
import { splitDocument } from './split-document.ts';
import { startSweeper } from './sweeper.ts';
import { createTurn } from './turn.ts';

const config = loadConfig('rag-orchestrator');
const log = createLogger(config.service, config.logLevel);
measureProcess(config.service);

const db = openDatabase({ url: config.databaseUrl, poolSize: config.databasePool, log });
let bus: Bus;

const health = healthServer({
  host: config.healthHost,
  port: config.healthPort,
  readiness: async () => {
    const { connected, blocked } = bus?.health() ?? { connected: false };
    return {
      broker: connected ? (blocked === undefined ? 'ok' : `publishing is blocked: ${blocked}`) : 'not connected',
      database: await db.ping().then(
        () => 'ok',
        (error: Error) => error.message,
      ),
    };
  },
});

/** A part that is open while the service runs. */
function open(name: string, start: () => Promise<Closeable | readonly Closeable[]>): Part {
  let opened: readonly Closeable[] = [];
  return {
    name,
    start: async () => {
      opened = [await start()].flat();
    },
    stop: async () => {
      await Promise.all(opened.map((one) => one.close()));
    },
  };
}

await runService(
  log,
  [
    health,
    { name: 'database', start: () => migratePatiently(db, log), stop: () => db.close() },
    open('bus', async () => {
      bus = await connectBus({ url: config.amqpUrl, instance: config.instance, partitions: config.partitions, log });
      return bus;
    }),
    open('journals', () => {
      const turn = createTurn({ db, send: createSend({ db, bus }), poolOf: poolRoutes(config.routes), log });
      return Promise.all(Array.from({ length: config.partitions }, (_, partition) => bus.readJournal(partition, turn)));
    }),
    open('dead letters', () => bus.readDead()),
    open('commands', () =>
      bus.serve({
        service: 'rag-orchestrator',
        pool: 'default',
        concurrency: config.retrieveConcurrency,
        handlers: [splitDocument({ db, defaults: collectionDefaults(config) }), retrievePassages(db)],
      }),
    ),
    open('sweeper', async () => startSweeper({ db, bus, resultTtlS: config.resultTtlS, jobTtlS: config.jobTtlS, log })),
  ],
  () => ({ healthUrl: health.url() }),
);
