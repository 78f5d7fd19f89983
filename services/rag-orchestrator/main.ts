import { busPart } from '../../shared/bus/bus-part.ts';
import { collectionDefaults } from '../../shared/config/collection-defaults.ts';
import { loadConfig } from '../../shared/config/config.ts';
import { healthServer } from '../../shared/health.ts';
import { createLogger } from '../../shared/logger.ts';
import { EXTRACTIVE } from '../../shared/messages/answering.ts';
import { DEFAULT_POOL } from '../../shared/messages/command.ts';
import { measureProcess } from '../../shared/metrics/metrics.ts';
import { part, runService } from '../../shared/service.ts';
import { openDatabase } from '../../shared/store/database.ts';
import { GenerationUpkeep } from './generations/generation-upkeep.ts';
import { generationHandlers } from './generations/handlers.ts';
import { migratePatiently } from './migrate-patiently.ts';
import { READING_LIMITS } from './reading/limits.ts';
import { Readers } from './reading/readers.ts';
import { retrievePassages } from './retrieve-passages.ts';
import { poolRoutes } from './routes.ts';
import { createSend } from './send.ts';
import { Admission } from './shares/admission.ts';
import { Pace } from './shares/pace.ts';
import { splitDocument } from './split-document.ts';
import { startSweeper } from './sweeper.ts';
import { createTurn } from './turn.ts';
import { startUpkeep } from './upkeep.ts';
import { waitForDatabase } from './wait-for-database.ts';

const config = loadConfig('rag-orchestrator');
const log = createLogger(config.service, config.logLevel);
measureProcess(config.service);

const db = openDatabase({ url: config.databaseUrl, poolSize: config.databasePool, log });
const bus = busPart({ url: config.amqpUrl, instance: config.instance, partitions: config.partitions, log });

const pace = new Pace(config.keyShare);
const admission = new Admission({ db, bus: { append: (records) => bus.open().append(records) }, pace, log });
/** Searches and questions must not wait until documents, which may take a minute each to read, free a slot. */
const EXPRESS_SLOTS = { high: 4, normal: 4 };

const readers = new Readers(READING_LIMITS, log);

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
    part('admission', async () => admission),
    part('journals', () => {
      const turn = createTurn({
        db,
        send: createSend({ db, bus: bus.open() }),
        settings: {
          poolOf: poolRoutes(config.routes),
          shareOf: (backlog) => pace.share(backlog),
          ranker: config.ranker.length > 0,
          languageModel: config.generator.some((provider) => provider !== EXTRACTIVE),
        },
        admission,
        embeddingModel: collectionDefaults(config).embedding_model,
        log,
      });
      const partitions = Array.from({ length: config.partitions }, (_, partition) => partition);
      return Promise.all(partitions.map((partition) => bus.open().readJournal(partition, turn)));
    }),
    part('dead letters', () => bus.open().readDead()),
    part('readers', async () => readers),
    part('commands', () =>
      bus.open().serve({
        service: 'rag-orchestrator',
        pool: DEFAULT_POOL,
        concurrency: config.retrieveConcurrency,
        express: EXPRESS_SLOTS,
        handlers: [
          splitDocument({ db, readers, defaults: collectionDefaults(config) }),
          retrievePassages(db),
          ...generationHandlers(db),
        ].map(waitForDatabase(db)),
      }),
    ),
    part('sweeper', async () =>
      startSweeper({
        db,
        bus: bus.open(),
        admission,
        generations: new GenerationUpkeep({ db, bus: bus.open(), rollbackTtlS: config.rollbackTtlS }),
        resultTtlS: config.resultTtlS,
        jobTtlS: config.jobTtlS,
        log,
      }),
    ),
    part('upkeep', async () => startUpkeep({ db, threshold: config.vectorIndexThreshold, log })),
  ],
  () => ({ healthUrl: health.url() }),
);
