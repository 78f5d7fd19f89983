import type { Bus } from '../../shared/bus/bus.ts';
import type { StoredEvent } from '../../shared/messages/client-event.ts';
import type { Database } from '../../shared/store/database.ts';
import { eventsWithin } from '../../shared/store/events.ts';
import type { Output } from './plan.ts';

interface Outgoing {
  readonly outputs: readonly Output[];
  /** Client events that this turn stored. */
  readonly events: readonly StoredEvent[];
  /** Outputs of an earlier turn; their events are read back. */
  readonly again: readonly Output[];
}

export type Send = (outgoing: Outgoing) => Promise<void>;

/** Sends what a committed turn decided: clients' events first, since they cost nothing, then commands until confirmed. */
export const createSend =
  ({ db, bus }: { db: Database; bus: Pick<Bus, 'push' | 'send' | 'cancelJob'> }): Send =>
  async ({ outputs, events, again }) => {
    const shown = again.length === 0 ? events : [...(await storedBefore(db, again)), ...events];
    if (shown.length > 0) bus.push(shown);
    const aborted = outputs.filter(({ abort }) => abort).map(({ job, replay = 0 }) => bus.cancelJob(job, replay));
    await Promise.all([bus.send(outputs.flatMap(({ commands }) => commands)), ...aborted]);
  };

/** One statement for all: a crash may leave hundreds of records to be heard again, more than there are connections. */
async function storedBefore(db: Database, outputs: readonly Output[]): Promise<StoredEvent[]> {
  const stretches = outputs.flatMap(({ job, seqs }) => (seqs === undefined ? [] : [{ job, seqs }]));
  return stretches.length === 0 ? [] : await eventsWithin(db, stretches);
}
