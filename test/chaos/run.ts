import { setTimeout as sleep } from 'node:timers/promises';
import { audit, unfinished } from './audit.ts';
import type { Violation } from './check/violation.ts';
import { Crowd } from './clients/crowd.ts';
import { fillLibrary } from './clients/library.ts';
import { calm, conductRound } from './conduct.ts';
import { type Ledger, ledgerOf } from './ledger.ts';
import { nominalMs, type Round } from './plan.ts';
import { Recorder } from './recorder.ts';
import { type System, type SystemOptions, startSystem } from './system/system.ts';
import type { JobType } from './workload.ts';

const WARM_UP_MS = 5_000;
const RECOVERY_MS = 60_000;
const SETTLE_MS = 120_000;
const QUIET_LOOKS = 3;
const LOOK_MS = 500;

export interface RunOptions {
  readonly seed: string;
  readonly plan: readonly Round[];
  /** What clients ask for; everything by default. */
  readonly jobs?: readonly JobType[];
  readonly system: Omit<SystemOptions, 'crashed'>;
  readonly say: (line: string) => void;
  /** Longest a question may go unanswered after a disturbance is over. */
  readonly recoveryMs?: number;
  /** Longest a job may take once nothing disturbs any more. */
  readonly settleMs?: number;
  /** Ends the disturbances early. */
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly ledger: Ledger;
  readonly violations: readonly Violation[];
  /** Of the broker. */
  readonly version: string;
}

/** One whole run: the system comes up, clients ask, everything is disturbed by plan, and the books are balanced. */
export async function run(options: RunOptions): Promise<RunResult> {
  const recorder = new Recorder();
  let ending = false;
  const crashed = (line: string) => {
    if (!ending) recorder.crashes.push(line);
  };
  const system = await startSystem({ ...options.system, crashed });
  try {
    await disturb(system, recorder, options);
    const history = await audit(system, recorder);
    return { ...ledgerOf(history), version: system.broker.version };
  } finally {
    ending = true;
    await system.stop();
  }
}

async function disturb(system: System, recorder: Recorder, options: RunOptions): Promise<void> {
  await fillLibrary(system, options.seed);
  system.provider.reset();
  const crowd = new Crowd(system, recorder, options);
  try {
    await sleep(WARM_UP_MS);
    recorder.undisturbedMs.push(...crowd.canary.tookMs);
    await strikeByPlan(system, recorder, crowd, options);
    crowd.enough();
    await calm(system);
    options.say(`${recorder.accepted.size} accepted · nothing disturbs any more`);
    await untilSettled(system, options.settleMs ?? SETTLE_MS);
  } finally {
    await crowd.leave();
  }
}

/** Round after round, for as long as the plan says: what recovers slowly leaves the last rounds out. */
async function strikeByPlan(
  system: System,
  recorder: Recorder,
  { canary }: Crowd,
  { plan, say, recoveryMs: patienceMs = RECOVERY_MS, signal }: RunOptions,
): Promise<void> {
  const began = Date.now();
  const end = began + plan.reduce((sum, round) => sum + nominalMs(round), 0);
  const told = (line: string) => {
    const seconds = ((Date.now() - began) / 1000).toFixed(0).padStart(4);
    say(`${seconds} s · ${recorder.accepted.size} accepted · ${line}`);
  };
  for (const round of plan) {
    if (signal?.aborted || Date.now() > end) return;
    recorder.faults.push(await conductRound(round, { system, canary, patienceMs, say: told }));
  }
}

/**
 * Until every job has ended, or patience is over: what is still open then is stuck. Looks more than once, since a dead
 * letter on its way back makes its job run again.
 */
async function untilSettled(system: System, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs;
  for (let quiet = 0; quiet < QUIET_LOOKS && Date.now() < until; ) {
    const open = await unfinished(system).catch(() => Number.NaN);
    quiet = open === 0 ? quiet + 1 : 0;
    await sleep(LOOK_MS);
  }
}
