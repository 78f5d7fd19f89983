import { join } from 'node:path';
import type { ChildProgram } from '../../../infra/start/supervisor/child-run.ts';
import { logDir, serviceProgram } from '../../../infra/start/supervisor/children.ts';
import type { ServiceName } from '../../../infra/start/supervisor/run-file.ts';
import type { Proxy as Link } from '../../support/proxy.ts';
import { type Plant, planting } from '../plants/plant.ts';
import { API_KEYS } from './keys.ts';
import type { Layout, Remote } from './layout.ts';
import { linksBetween } from './links.ts';

const SETTINGS: NodeJS.ProcessEnv = {
  API_KEYS,
  GENERATOR: 'ollama',
  GENERATION_MODEL: 'mock-itl10-len12',
  EMBEDDER: 'ollama',
  EMBEDDING_MODEL: 'mock-embed-ttft5-d16',
  /** What hangs must not outlast a round. */
  PROVIDER_IDLE_MS: '4000',
  /** Everything is still there when the run is audited. */
  RESULT_TTL: String(30 * 24 * 3600),
  LOG_LEVEL: 'info',
};

interface Places {
  readonly layout: Layout;
  readonly link: (name: string) => Link;
  /** Of the gateways. */
  readonly ports: ReadonlyMap<string, number>;
  readonly managementUrl: string;
  readonly dataDir: string;
  readonly plant: Plant | undefined;
  readonly settings: NodeJS.ProcessEnv;
}

/** What a replica is started with: the program of its service, which finds everything by way of its own links. */
export function programOf(name: string, places: Places): ChildProgram {
  const { layout, link, ports, managementUrl, dataDir, plant, settings } = places;
  const by = (remote: Remote) =>
    linksBetween(layout, name, remote)
      .map((each) => link(each).url)
      .join(',');
  const service = name.replace(/-\d+$/, '') as ServiceName;
  const { args, env } = serviceProgram(service, {
    amqpUrl: by('broker'),
    managementUrl,
    databaseUrl: by('database'),
    port: ports.get(name) ?? 0,
    dataDir,
  });
  const bug = plant && planting(plant);
  const provider = by('provider').replace(/\/$/, '');
  return {
    name,
    args: [...(bug ? ['--import', bug.imports] : []), ...args],
    env: { ...env, ...SETTINGS, ...settings, ...(provider ? { OLLAMA_HOST: provider } : {}), ...bug?.env },
    logFile: join(logDir(dataDir), `${name}.log`),
  };
}
