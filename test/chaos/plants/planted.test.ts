import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PROJECT_ROOT } from '../../../infra/start/project-root.ts';
import type { Promised } from '../check/violation.ts';
import type { Strike } from '../nemeses/nemesis.ts';
import type { Round } from '../plan.ts';
import { scratchRun } from '../scratch-run.ts';
import type { JobType } from '../workload.ts';
import { ACK_BEFORE_PUBLISH, COUNTER_INSTEAD_OF_SET, type Plant, PUSH_BEFORE_COMMIT } from './plant.ts';

const SETTLE_MS = 30_000;
/** A disturbance meets the moment in which a bug shows more often than not, but not each time. */
const TRIES = 6;

const strike = (nemesis: string, target: string, more: Partial<Strike> = {}): Strike => ({
  nemesis,
  target,
  afterMs: 0,
  forMs: 0,
  ...more,
});
const round = (...strikes: Strike[]): Round => ({ strikes, restMs: 500 });

/** While work takes long, more of it is under way. */
const SLOW = strike('provider-faults', 'slow', { forMs: 12_000 });
const seconds = (...at: number[]) => at.map((s) => s * 1000);

/** Each bug under disturbances that it does not survive, and the promise it breaks. */
interface Case {
  readonly plant: Plant;
  readonly replicas: number;
  readonly plan: readonly Round[];
  readonly breaks: Promised;
  /** Kept all the same: what is stuck is in no queue, so it is not merely slow. */
  readonly keeps?: Promised;
  readonly jobs?: readonly JobType[];
  readonly settings?: NodeJS.ProcessEnv;
}

const CASES: readonly Case[] = [
  {
    // The broker takes acks but nothing else; meanwhile the workers die with what they wanted to say.
    plant: ACK_BEFORE_PUBLISH,
    replicas: 1,
    plan: [
      round(
        SLOW,
        strike('broker-alarm', 'memory', { forMs: 14_000, afterMs: 2_000 }),
        // Long enough after it that work under way has come to its end, and far enough apart for new work to.
        ...seconds(9, 15).flatMap((afterMs) =>
          ['embedder-1', 'rag-orchestrator-1'].map((target) => strike('kill', target, { afterMs })),
        ),
      ),
    ],
    breaks: 'stuck',
    keeps: 'leftover',
  },
  {
    // Commands come back from lost channels while they are carried out: somebody else does them as well.
    plant: COUNTER_INSTEAD_OF_SET,
    replicas: 2,
    jobs: ['ingest'],
    settings: { EMBED_CONCURRENCY: '1' },
    plan: [
      round(
        SLOW,
        ...seconds(2, 4, 6, 8, 10).flatMap((afterMs) => [
          strike('broker-channels', 'embedder-1~broker', { afterMs }),
          strike('broker-channels', 'embedder-2~broker', { afterMs: afterMs + 1_000 }),
        ]),
      ),
    ],
    breaks: 'effect missing',
  },
  {
    // Transactions take long and are cut off.
    plant: PUSH_BEFORE_COMMIT,
    replicas: 1,
    plan: [
      round(
        strike('latency', 'rag-orchestrator-1~database', { forMs: 22_000, variant: '100' }),
        ...seconds(2, 5.1, 8.3, 11.4, 14.6, 17.7, 20.9).map((afterMs) =>
          strike('database-reset', 'rag-orchestrator-1~database', { afterMs }),
        ),
      ),
    ],
    breaks: 'shown before stored',
  },
];

describe('a planted bug', function () {
  this.timeout(TRIES * 240_000);

  for (const { plant, ...under } of CASES) {
    it(`fits the build: ${plant.name}`, () => {
      for (const { module, find } of plant.changes) {
        const source = readFileSync(join(PROJECT_ROOT, 'dist', module), 'utf8');
        expect(source.split(find), module).to.have.lengthOf(2);
      }
    });

    it(`is caught: ${plant.name}`, async () => {
      const { breaks, keeps, ...options } = under;
      const found = [];
      for (let tries = 1; tries <= TRIES; tries += 1) {
        const { ledger } = await scratchRun({ seed: `${plant.name} ${tries}`, plant, settleMs: SETTLE_MS, ...options });
        found.push(ledger.violations);
        const kept = keeps === undefined || ledger.violations[keeps] === 0;
        if (ledger.violations[breaks] > 0 && kept) return;
      }
      expect.fail(`${breaks}: not once in ${TRIES} rounds, but ${JSON.stringify(found)}`);
    });
  }
});
