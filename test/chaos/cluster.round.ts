import { expect } from 'chai';
import { wantedVersion } from '../support/release.ts';
import type { Strike } from './nemeses/nemesis.ts';
import type { Round } from './plan.ts';
import { broken, table } from './report.ts';
import { scratchRun } from './scratch-run.ts';

const SEED = 'every version';
const NODES = 3;

const alone = (nemesis: string, target: string, more: Partial<Strike> = {}): Round => ({
  strikes: [{ nemesis, target, afterMs: 0, forMs: 0, ...more }],
  restMs: 1_000,
});

const PLAN: readonly Round[] = [
  alone('leader-kill', 'journal.0'),
  alone('leader-kill', 'embedder.default.high'),
  alone('broker-freeze', 'broker-2', { forMs: 10_000 }),
  alone('majority-loss', 'broker-1', { variant: 'killed' }),
  alone('majority-loss', 'broker-3', { variant: 'frozen', forMs: 8_000 }),
];

/** Part of `npm run test:brokers`. */
describe('a whole Warren on a cluster', function () {
  this.timeout(480_000);

  it('breaks no promise: leaders are killed, a node stands still, the majority goes and comes back', async () => {
    const { ledger, violations, version } = await scratchRun({
      seed: SEED,
      plan: PLAN,
      broker: wantedVersion(),
      brokerNodes: NODES,
    });
    console.log(table(ledger, `Chaos: ${NODES} nodes of RabbitMQ ${version}`).replace(/^/gm, '      '));
    expect(violations, broken(violations)).to.deep.equal([]);
    expect(ledger.faults).to.equal(PLAN.length);
    expect(ledger.accepted).to.be.above(100);
  });
});
