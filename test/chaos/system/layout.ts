import { SERVICES, type ServiceName } from '../../../infra/start/supervisor/run-file.ts';

/** Which processes there are, and who talks to whom. */
export interface Layout {
  /** Names such as `embedder-2`, by service. */
  readonly replicas: Readonly<Record<ServiceName, readonly string[]>>;
  /** `broker`, or of a cluster `broker-1` and so on. */
  readonly brokers: readonly string[];
  /** Names such as `embedder-2~broker`: each is a TCP proxy of its own. */
  readonly links: readonly string[];
}

/** Whom a service dials. */
const DIALS = {
  gateway: ['broker', 'database'],
  embedder: ['broker', 'provider'],
  generator: ['broker', 'provider'],
  'rag-orchestrator': ['broker', 'database'],
} as const satisfies Record<ServiceName, readonly string[]>;

export type Remote = (typeof DIALS)[ServiceName][number];

export const linkName = (from: string, to: string): string => `${from}~${to}`;

/** Of the nodes of a broker. */
export const brokerNames = (nodes: number): string[] =>
  nodes === 1 ? ['broker'] : Array.from({ length: nodes }, (_, n) => `broker-${n + 1}`);

export function layoutOf(replicas: number, brokerNodes = 1): Layout {
  const names = (service: ServiceName) => Array.from({ length: replicas }, (_, n) => `${service}-${n + 1}`);
  const byService = {
    gateway: names('gateway'),
    embedder: names('embedder'),
    generator: names('generator'),
    'rag-orchestrator': names('rag-orchestrator'),
  };
  const brokers = brokerNames(brokerNodes);
  return {
    replicas: byService,
    brokers,
    links: SERVICES.flatMap((service) =>
      byService[service].flatMap((name) => [
        ...DIALS[service].flatMap((remote) =>
          (remote === 'broker' ? brokers : [remote]).map((end) => linkName(name, end)),
        ),
        ...(service === 'gateway' ? [linkName('clients', name)] : []),
      ]),
    ),
  };
}

export const allReplicas = ({ replicas }: Layout): string[] => Object.values(replicas).flat();
const remoteOf = (link: string): string => link.split('~')[1] ?? '';

/** Also those to single nodes of it. */
export const linksTo = ({ links }: Layout, remote: Remote): string[] =>
  links.filter((link) => remoteOf(link).replace(/-\d+$/, '') === remote);
