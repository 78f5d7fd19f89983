import type { Service } from '../messages/command.ts';
import type { BreakerState } from './alive.ts';
import type { Closeable } from './closeable.ts';
import type { Handler } from './handler.ts';

export interface ServeOptions {
  readonly service: Service;
  readonly pool: string;
  /** Commands that may run at once. */
  readonly concurrency: number;
  readonly handlers: readonly Handler[];
  readonly models?: readonly string[];
  /** Asked every few seconds for `worker.alive`. */
  readonly breakers?: () => Record<string, BreakerState>;
  /** How long running commands may go on after close; default 20,000. */
  readonly drainMs?: number;
}

export interface Serving extends Closeable {
  /** Commands under way. */
  busy(): number;
}
