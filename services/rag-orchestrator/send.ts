import type { Bus } from '../../shared/bus/bus.ts';
import type { StoredEvent } from '../../shared/messages/client-event.ts';
import type { Database } from '../../shared/store/database.ts';
import { eventsAfter } from '../../shared/store/events.ts';
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
  ({ db, bus }: { db: Database; bus: Bus }): Send =>
  async ({ outputs, events, again }) => {
    const shown = again.length === 0 ? events : [...(await storedBefore(db, again)), ...events];
    if (shown.length > 0) bus.push(shown);
    const aborted = outputs.filter(({ abort }) => abort).map(({ job, replay = 0 }) => bus.cancelJob(job, replay));
    await Promise.all([bus.send(outputs.flatMap(({ commands }) => commands)), ...aborted]);
  };

async function storedBefore(db: Database, outputs: readonly Output[]): Promise<StoredEvent[]> {
  const lists = await Promise.all(
    outputs.map(({ job, seqs }) =>
      seqs === undefined ? [] : eventsAfter(db, job, seqs[0] - 1, seqs[1] - seqs[0] + 1),
    ),
  );
  return lists.flat();
}
