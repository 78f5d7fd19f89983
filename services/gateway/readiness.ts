import { metrics } from '../../shared/metrics/metrics.ts';
import type { Gateway } from './gateway.ts';

export interface ReadinessView {
  readonly status: 'ok' | 'degraded' | 'unavailable' | 'draining';
  /** `ok`, or what is wrong. */
  readonly dependencies: Readonly<Record<'broker' | 'database' | 'topology', string>>;
}

const TOPOLOGY_TIMEOUT_MS = 2_000;

/** Asks everything the gateway depends on, all at once. */
export async function readinessOf({ bus, db, lifecycle }: Gateway): Promise<ReadinessView> {
  const { connected, blocked } = bus.health();
  const broker = connected ? (blocked === undefined ? 'ok' : `blocked: ${blocked}`) : 'not connected';
  const [database, topology] = await Promise.all([
    stateOf(db.ping()),
    connected ? stateOf(journalStands(bus)) : 'not connected',
  ]);
  const dependencies = { broker, database, topology };
  return { status: statusOf(dependencies, lifecycle.draining), dependencies };
}

/** Without its database the gateway can still do what matters most: accept. */
export const isReady = ({ status }: ReadinessView): boolean => status === 'ok' || status === 'degraded';

function statusOf(
  { broker, database, topology }: ReadinessView['dependencies'],
  draining: boolean,
): ReadinessView['status'] {
  if (draining) return 'draining';
  if (broker !== 'ok' || topology !== 'ok') return 'unavailable';
  return database === 'ok' ? 'ok' : 'degraded';
}

async function journalStands(bus: Pick<Gateway['bus'], 'queues'>): Promise<void> {
  const queues = await within(TOPOLOGY_TIMEOUT_MS, bus.queues());
  for (const { kind, name, depth } of queues) if (kind === 'lane') metrics.laneDepth.set({ lane: name }, depth);
  if (!queues.some(({ kind }) => kind === 'journal')) throw new Error('there is no journal');
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const stateOf = (check: Promise<unknown>): Promise<string> =>
  check.then(
    () => 'ok',
    (error: unknown) => (error instanceof Error ? error.message : 'unavailable'),
  );
