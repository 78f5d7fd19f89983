import { expect } from 'chai';
import { accept } from '../../../../services/gateway/accept/accept.ts';
import { Congestion } from '../../../../services/gateway/accept/congestion.ts';
import type { Draft } from '../../../../services/gateway/accept/draft.ts';
import { Newborns } from '../../../../services/gateway/accept/newborns.ts';
import { Quotas } from '../../../../services/gateway/accept/quotas.ts';
import type { Gateway } from '../../../../services/gateway/gateway.ts';
import { Problem } from '../../../../services/gateway/problem.ts';
import type { Database } from '../../../../shared/store/database.ts';
import { saveJobs } from '../../../../shared/store/jobs.ts';
import { sampleJob } from '../../../store/samples.ts';
import { type FreshDatabase, freshDatabase } from '../../../support/database.ts';
import { rejected } from '../../../support/rejected.ts';
import { WIDE } from '../fixture.ts';

const OWNER = 'ann';
const DRAFT: Draft = {
  type: 'generate',
  owner: OWNER,
  priority: 'normal',
  tags: [],
  metadata: {},
  input: async () => ({ prompt: 'hi' }),
  fingerprint: () => 'same',
};

describe('quotas', function () {
  this.timeout(60_000);
  let fresh: FreshDatabase;
  let newborns: Newborns;
  before(async () => {
    fresh = await freshDatabase();
  });
  after(() => fresh.drop());
  beforeEach(() => {
    newborns = new Newborns();
  });

  const quotasOf = (in_flight: number, db: Pick<Database, 'query'> = fresh.db) =>
    new Quotas({ db, newborns, limits: { [OWNER]: { in_flight } } });

  it('hold while no orchestrator is there, for more jobs than are remembered whole', async () => {
    const quotas = quotasOf(3_000);
    for (let n = 0; n < 3_000; n += 1) {
      const placed = await quotas.takeRoom(OWNER);
      newborns.add(sampleJob({ owner: OWNER }));
      placed();
    }
    const refusal = await quotas.takeRoom(OWNER).then(
      () => undefined,
      (error: { code: string }) => error.code,
    );
    expect(refusal).to.equal('rate_limited');
  });

  it('no longer count a newborn whose birth was not told, once its row was seen', async () => {
    const born = sampleJob({ owner: OWNER, type: 'embed', status: 'succeeded', finished_at: '2030-01-01T00:00:00Z' });
    await fresh.db.transaction((tx) => saveJobs(tx, [born]));
    newborns.add(born);
    const quotas = quotasOf(1);
    (await quotas.takeRoom(OWNER))();
    await rejected(quotas.takeRoom(OWNER), Problem); // but only after a count
    expect(newborns.of(OWNER, 10)).to.deep.equal([]);
  });

  it('leave one job to an Idempotency-Key, of whose requests one was let in and another refused', async () => {
    const other = sampleJob({ owner: OWNER, status: 'running' });
    await fresh.db.transaction((tx) => saveJobs(tx, [other]));
    const appended: string[] = [];
    const bus = {
      health: () => ({ connected: true }),
      append: async (records: readonly { job: string }[]) => void appended.push(...records.map(({ job }) => job)),
      queues: async () => [],
    };
    const gatewayOf = (in_flight: number) =>
      ({
        bus,
        reads: fresh.db,
        db: fresh.db,
        newborns,
        quotas: quotasOf(in_flight),
        lifecycle: { draining: false },
        congestion: new Congestion(bus, WIDE),
      }) as unknown as Gateway;
    const post = (gateway: Gateway) =>
      accept(gateway, DRAFT, { idempotencyKey: 'K' }).then(
        ({ job }) => job.id,
        (error: { code: string }) => error.code,
      );
    const [strict, generous] = [gatewayOf(1), gatewayOf(5)];
    (await strict.quotas.takeRoom(OWNER))(); // has it count
    // The refused one claimed the key first; the other came by it before that was refused.
    expect(await post(strict)).to.equal('rate_limited');
    const job = await post(generous);
    expect(await post(strict)).to.equal(job);
    expect(await post(generous)).to.equal(job);
    expect(new Set(appended)).to.deep.equal(new Set([job]));
  });
});
