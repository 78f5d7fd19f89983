import { join } from 'node:path';
import { type MockProvider, startMockProvider } from '../../../infra/mock-provider/start-mock-provider.ts';
import type { BrokerVersion } from '../../../infra/start/broker/release/release.ts';
import { migrateDatabase } from '../../../infra/start/supervisor/migrate.ts';
import type { ServiceName } from '../../../infra/start/supervisor/run-file.ts';
import type { Proxy as Link } from '../../support/proxy.ts';
import type { Plant } from '../plants/plant.ts';
import { type ChaosBroker, startChaosBroker } from './broker.ts';
import { type ChaosDatabase, type DatabaseKind, startDatabase } from './database.ts';
import { allReplicas, type Layout, layoutOf, linkName } from './layout.ts';
import { closeLinks, openLinks } from './links.ts';
import { programOf } from './program.ts';
import { Replica } from './replica.ts';
import { Undo } from './undo.ts';

export interface SystemOptions {
  /** Of every service. */
  readonly replicas: number;
  /** Any, when undefined. */
  readonly broker: BrokerVersion | undefined;
  /** More than one are a cluster. @default 1 */
  readonly brokerNodes?: number;
  readonly database: DatabaseKind;
  /** The server of `postgres`. */
  readonly postgresUrl?: string;
  /** Keeps everything of this run. */
  readonly dataDir: string;
  readonly cacheDir: string;
  /** A bug that every service is to have. */
  readonly plant?: Plant;
  /** Of all services, beside those of every run. */
  readonly settings?: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  /** Takes a line about a process that ended although nobody ended it. */
  readonly crashed: (line: string) => void;
}

/** A whole Warren in processes of its own, every connection between two of them through a proxy. */
export interface System {
  readonly layout: Layout;
  readonly broker: ChaosBroker;
  readonly database: ChaosDatabase;
  readonly provider: MockProvider;
  /** Addresses of the gateways, by way of their proxies. */
  readonly gateways: readonly string[];
  replica(name: string): Replica;
  replicasOf(service: string): readonly Replica[];
  link(name: string): Link;
  /** Ends everything, in whatever state it is. */
  stop(): Promise<void>;
}

/** Resolves when every process is ready. What was started is ended again when it rejects. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const undo = new Undo();
  try {
    return await startParts(options, undo);
  } catch (error) {
    await undo.all();
    throw error;
  }
}

async function startParts(options: SystemOptions, undo: Undo): Promise<System> {
  const { dataDir, cacheDir, say, crashed } = options;
  const size = options.brokerNodes ?? 1;
  const layout = layoutOf(options.replicas, size);
  const provider = await startMockProvider({ drainMs: 0 });
  undo.add(() => provider.stop());
  const broker = await startChaosBroker({
    version: options.broker,
    size,
    dataDir: join(dataDir, 'broker'),
    cacheDir,
    say,
  });
  undo.add(() => broker.stop());
  const database = await startDatabase(options);
  undo.add(() => database.stop());
  await migrateDatabase(dataDir, database.url);
  const nodes = [...broker.nodes].map(([name, { amqpUrl }]) => [name, amqpUrl]);
  const behind = { ...Object.fromEntries(nodes), database: database.url, provider: provider.url };
  const { links, ports } = await openLinks(layout, behind);
  undo.add(() => closeLinks(links));
  const link = (name: string) => found(links.get(name), name);
  const { plant, settings = {} } = options;
  const places = { layout, link, ports, managementUrl: broker.managementUrl, dataDir, plant, settings };
  const replicas = new Map(
    allReplicas(layout).map((name) => [name, new Replica(programOf(name, places), crashed)] as const),
  );
  undo.add(() => {
    for (const replica of replicas.values()) replica.abandon();
  });
  await Promise.all([...replicas.values()].map((replica) => replica.start()));
  const replica = (name: string) => found(replicas.get(name), name);
  return {
    layout,
    broker,
    database,
    provider,
    gateways: layout.replicas.gateway.map((name) => link(linkName('clients', name)).url.replace(/\/$/, '')),
    replica,
    replicasOf: (service) => layout.replicas[service as ServiceName].map(replica),
    link,
    stop: () => undo.all(),
  };
}

function found<Thing>(thing: Thing | undefined, name: string): Thing {
  if (thing === undefined) throw new Error(`the system has no "${name}"`);
  return thing;
}
