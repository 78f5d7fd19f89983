import type { StoredEvent } from '../messages/client-event.ts';
import type { WorkerAlive } from './alive.ts';

export interface PushHandlers {
  events(events: StoredEvent[]): void;
  alive(worker: WorkerAlive): void;
  /** Something may have been missed: read what matters from the database again. */
  resync(): void;
}
