import { freePorts } from '../broker/ports.ts';
import { say } from '../steps.ts';
import { abortable } from './abortable.ts';
import { databaseProgram } from './children.ts';
import { untilReachable } from './reachable.ts';
import { superviseChild } from './supervised-child.ts';

const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
const REACHABLE_TIMEOUT_MS = 60_000;

/** The database of a run: the embedded one, kept alive, or one that was named. */
export interface DatabasePart {
  /** Whether we started it, and must stop it. */
  readonly ours: boolean;
  readonly url: string;
  pid(): number | null;
  stop(): Promise<void>;
  abandon(): void;
}

/** Uses the database that DATABASE_URL names. */
export async function namedDatabase(url: string, signal: AbortSignal): Promise<DatabasePart> {
  await untilReachable('DATABASE_URL', [url], REACHABLE_TIMEOUT_MS, signal);
  return { ours: false, url, pid: () => null, stop: async () => undefined, abandon: () => undefined };
}

/**
 * Starts the embedded database and keeps it running on one port. When the signal aborts before it is ready, it is
 * stopped in order: a first start that is cut short could leave half a database.
 */
export async function ownDatabase(dataDir: string, onChange: () => void, signal: AbortSignal): Promise<DatabasePart> {
  const [port = 0] = await freePorts([undefined]);
  const child = superviseChild(databaseProgram(dataDir, port), { onChange, tell: say });
  const part = {
    ours: true,
    pid: () => {
      const state = child.state();
      return 'pid' in state ? (state.pid ?? null) : null;
    },
    stop: () => child.stop(STOP_TIMEOUT_MS),
    abandon: () => child.abandon(),
  };
  try {
    const { url } = await abortable(signal, child.untilReady(READY_TIMEOUT_MS));
    if (url === undefined) throw new Error('the database did not say where it is');
    return { ...part, url };
  } catch (error) {
    await part.stop();
    throw error;
  }
}
