import type { StartOptions } from '../options.ts';
import { say, step } from '../steps.ts';
import { abortable } from './abortable.ts';
import { type BrokerPart, managementUrlForServices, namedBroker, ownBroker } from './broker-part.ts';
import { serviceProgram } from './children.ts';
import { type DatabasePart, namedDatabase, ownDatabase } from './database-part.ts';
import { describeRun } from './describe-run.ts';
import { migrateDatabase } from './migrate.ts';
import { type RunFile, removeRunFile, SERVICES, type ServiceName, writeRunFile } from './run-file.ts';
import { type SupervisedChild, superviseChild } from './supervised-child.ts';

const SERVICE_READY_TIMEOUT_MS = 180_000;
const DRAIN_MS = 25_000;

/** Everything that `npm start` brings up, and takes down again. */
export interface Warren {
  /** Starts all of it and writes run.json. @throws the signal's reason when it aborts, or why a part did not start */
  start(signal: AbortSignal): Promise<RunFile>;
  /** Services drain, then the database, then the broker; every step runs. */
  stop(): Promise<void>;
  /** Ends all processes without a word. */
  abandon(): void;
}

export function createWarren(options: StartOptions, port: number): Warren {
  const { dataDir } = options;
  const startedAt = new Date().toISOString();
  const services = new Map<ServiceName, SupervisedChild>();
  let broker: BrokerPart | undefined;
  let database: DatabasePart | undefined;
  let startingDatabase: Promise<DatabasePart> | undefined;
  let complete = false;

  const describe = (from: BrokerPart, data: DatabasePart): RunFile =>
    describeRun({ broker: from, database: data, services, port, dataDir, startedAt });

  /** Nobody should read of a Warren that is only half there, nor of one that is going. */
  const publish = (): void => {
    if (complete && broker && database) writeRunFile(dataDir, describe(broker, database));
  };

  const startBroker = async (signal: AbortSignal): Promise<BrokerPart> => {
    const { amqpUrl, managementUrl } = options;
    if (amqpUrl === undefined) {
      return step('starting a private RabbitMQ', async () => (broker = await ownBroker(dataDir, publish)));
    }
    return step(
      'waiting for the broker of AMQP_URL',
      async () => (broker = await namedBroker(amqpUrl, managementUrl, signal)),
    );
  };

  const startDatabase = async (signal: AbortSignal): Promise<DatabasePart> => {
    const { databaseUrl } = options;
    database = await (databaseUrl === undefined
      ? step('starting the embedded database', () => ownDatabase(dataDir, publish, signal))
      : step('waiting for the database of DATABASE_URL', () => namedDatabase(databaseUrl, signal)));
    const { url } = database;
    await step('migrating the database', () => migrateDatabase(dataDir, url));
    return database;
  };

  const startService = async (name: ServiceName, from: BrokerPart, data: DatabasePart): Promise<void> => {
    const managementUrl = managementUrlForServices(from);
    const places = { amqpUrl: from.amqpUrl, managementUrl, databaseUrl: data.url, port, dataDir };
    const child = superviseChild(serviceProgram(name, places), { onChange: publish, tell: say });
    services.set(name, child);
    await step(`starting ${name}`, () => child.untilReady(SERVICE_READY_TIMEOUT_MS));
  };

  const startAll = async (signal: AbortSignal): Promise<RunFile> => {
    startingDatabase = startDatabase(signal);
    const [from, data] = await Promise.all([startBroker(signal), startingDatabase]);
    signal.throwIfAborted();
    await Promise.all(SERVICES.map((name) => startService(name, from, data)));
    complete = true;
    publish();
    return describe(from, data);
  };

  const drainServices = async (): Promise<void> => {
    if (services.size === 0) return;
    await step('draining the services', () => Promise.all([...services.values()].map((child) => child.stop(DRAIN_MS))));
  };

  const stopDatabase = async (): Promise<void> => {
    await startingDatabase?.catch(() => undefined);
    const part = database;
    if (part?.ours) await step('stopping the database', () => part.stop());
  };

  const stopBroker = async (): Promise<void> => {
    const part = broker;
    if (part?.ours) await step('stopping RabbitMQ', () => part.stop());
  };

  return {
    start: (signal) => abortable(signal, startAll(signal)),
    async stop() {
      complete = false;
      removeRunFile(dataDir);
      for (const end of [drainServices, stopDatabase, stopBroker])
        await end().catch((error: Error) => say(error.message));
    },
    abandon() {
      complete = false;
      for (const child of services.values()) child.abandon();
      database?.abandon();
      broker?.abandon();
      removeRunFile(dataDir);
    },
  };
}
