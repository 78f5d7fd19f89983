import { expect } from 'chai';
import { wantedVersion } from '../support/release.ts';
import { NEMESES } from './nemeses/all.ts';
import type { Strike } from './nemeses/nemesis.ts';
import { drawPlan, type Round } from './plan.ts';
import { broken, table } from './report.ts';
import { scratchRun } from './scratch-run.ts';
import { layoutOf } from './system/layout.ts';

const SEED = 'every commit';
const REPLICAS = 2;
const BROKER_RECOVERY_MS = 30_000;

const kill = (target: string): Strike => ({ nemesis: 'kill', target, afterMs: 0, forMs: 0 });
const alone = (...strikes: Strike[]): Round => ({ strikes, restMs: 500 });

/** Every service and the broker gets `kill -9`, each service with all its replicas at once; then some of everything. */
const PLAN: readonly Round[] = [
  ...Object.values(layoutOf(REPLICAS).replicas).map((replicas) => alone(...replicas.map(kill))),
  alone({ nemesis: 'broker-kill', target: 'broker', afterMs: 0, forMs: 0 }),
  ...drawPlan({ seed: SEED, minutes: 0.4, nemeses: NEMESES, layout: layoutOf(REPLICAS) }),
];

describe('a short round of chaos', function () {
  this.timeout(420_000);

  it('breaks no promise: every accepted job ends once, no event is lost or doubled, no passage is stored twice', async () => {
    const { ledger, violations, version } = await scratchRun({
      seed: SEED,
      plan: PLAN,
      replicas: REPLICAS,
      broker: wantedVersion(),
    });
    console.log(table(ledger, `Chaos: seed "${SEED}", RabbitMQ ${version}`).replace(/^/gm, '      '));
    expect(violations, broken(violations)).to.deep.equal([]);
    expect(ledger.accepted).to.be.above(200);
    expect(ledger.faults).to.be.above(5);
    expect(ledger.recovery['broker-kill']?.max_ms).to.be.below(BROKER_RECOVERY_MS);
  });
});
