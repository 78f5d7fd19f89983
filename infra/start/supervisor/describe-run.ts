import type { BrokerPart } from './broker-part.ts';
import { logDir } from './children.ts';
import type { DatabasePart } from './database-part.ts';
import type { RunFile, ServiceName } from './run-file.ts';
import type { SupervisedChild } from './supervised-child.ts';

/** All that a run consists of. */
export interface RunParts {
  readonly broker: BrokerPart;
  readonly database: DatabasePart;
  readonly services: ReadonlyMap<ServiceName, SupervisedChild>;
  readonly port: number;
  readonly dataDir: string;
  readonly startedAt: string;
}

const pidOf = (child: SupervisedChild | undefined): number | null => {
  const state = child?.state();
  return state && 'pid' in state ? (state.pid ?? null) : null;
};

const healthUrlOf = (child: SupervisedChild): string | undefined => {
  const state = child.state();
  return state.is === 'ready' ? (state.ready.healthUrl ?? state.ready.url) : undefined;
};

/** What stands in run.json at this moment. */
export const describeRun = ({ broker, database, services, port, dataDir, startedAt }: RunParts): RunFile => ({
  gateway_url: `http://127.0.0.1:${port}`,
  amqp_url: broker.amqpUrl,
  management_url: broker.managementUrl ?? null,
  management_user: broker.user ?? null,
  management_password: broker.password ?? null,
  database_url: database.url,
  pids: {
    supervisor: process.pid,
    broker: broker.pid(),
    database: database.pid(),
    gateway: pidOf(services.get('gateway')),
    embedder: pidOf(services.get('embedder')),
    generator: pidOf(services.get('generator')),
    'rag-orchestrator': pidOf(services.get('rag-orchestrator')),
  },
  health_urls: Object.fromEntries([...services].map(([name, child]) => [name, healthUrlOf(child)])),
  log_dir: logDir(dataDir),
  started_at: startedAt,
});
