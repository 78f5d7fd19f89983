import { expect } from 'chai';
import type { Output } from '../../services/rag-orchestrator/plan.ts';
import { createSend } from '../../services/rag-orchestrator/send.ts';
import type { StoredEvent } from '../../shared/messages/client-event.ts';
import type { Database } from '../../shared/store/database.ts';
import { appendEvents } from '../../shared/store/events.ts';
import { sampleEvent, sampleJob } from '../store/samples.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';

describe('what follows from a turn', function () {
  this.timeout(60_000);
  let fresh: FreshDatabase;
  before(async () => {
    fresh = await freshDatabase();
  });
  after(() => fresh.drop());

  it('is sent again after a crash with the events it made, read back by one statement however many they are', async () => {
    const jobs = Array.from({ length: 300 }, () => sampleJob().id);
    const stored = jobs.flatMap((job) => [1, 2, 3, 4].map((seq) => sampleEvent(job, seq, { seq })));
    await fresh.db.transaction((tx) => appendEvents(tx, stored));
    const again = jobs.toReversed().map((job): Output => ({ job, commands: [], seqs: [2, 3], abort: false }));
    const quiet: Output = { job: jobs[0] ?? '', commands: [], abort: false };
    const latest = sampleEvent(sampleJob().id, 1);
    const pushed: StoredEvent[] = [];
    let statements = 0;
    const db: Database = {
      ...fresh.db,
      query: (...statement) => {
        statements += 1;
        return fresh.db.query(...statement);
      },
    };
    const send = createSend({ db, bus: bus(pushed) });
    await send({ outputs: [quiet, ...again], events: [latest], again: [quiet, ...again] });
    const wanted = again.flatMap(({ job }) => [2, 3].map((seq) => sampleEvent(job, seq, { seq })));
    expect(pushed).to.deep.equal([...wanted, latest]);
    expect(statements).to.equal(1);
  });
});

const bus = (pushed: StoredEvent[]) => ({
  push: (events: readonly StoredEvent[]) => void pushed.push(...events),
  send: async () => undefined,
  cancelJob: async () => undefined,
});
