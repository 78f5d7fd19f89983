import { busPart } from '../../shared/bus/bus-part.ts';
import { collectionDefaults } from '../../shared/config/collection-defaults.ts';
import { loadConfig } from '../../shared/config/config.ts';
import { healthServer } from '../../shared/health.ts';
import { createLogger } from '../../shared/logger.ts';
import { DEFAULT_POOL } from '../../shared/messages/command.ts';
import { measureProcess } from '../../shared/metrics/metrics.ts';
import { part, runService } from '../../shared/service.ts';
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
const bus = busPart({ url: config.amqpUrl, instance: config.instance, partitions: config.partitions, log });

const health = healthServer({
  host: config.healthHost,
  port: config.healthPort,
  readiness: async () => ({
    broker: bus.state(),
    database: await db.ping().then(
      () => 'ok',
      (error: Error) => error.message,
    ),
  }),
});

await runService(
  log,
  [
    health,
    { name: 'database', start: () => migratePatiently(db, log), stop: () => db.close() },
    bus,
    part('journals', () => {
      const turn = createTurn({
        db,
        send: createSend({ db, bus: bus.open() }),
        settings: { poolOf: poolRoutes(config.routes), ranker: config.ranker.length > 0 },
        log,
      });
      const partitions = Array.from({ length: config.partitions }, (_, partition) => partition);
      return Promise.all(partitions.map((partition) => bus.open().readJournal(partition, turn)));
    }),
    part('dead letters', () => bus.open().readDead()),
    part('commands', () =>
      bus.open().serve({
        service: 'rag-orchestrator',
        pool: DEFAULT_POOL,
        concurrency: config.retrieveConcurrency,
        handlers: [splitDocument({ db, defaults: collectionDefaults(config) }), retrievePassages(db)],
      }),
    ),
    part('sweeper', async () =>
      startSweeper({ db, bus: bus.open(), resultTtlS: config.resultTtlS, jobTtlS: config.jobTtlS, log }),
    ),
  ],
  () => ({ healthUrl: health.url() }),
);
