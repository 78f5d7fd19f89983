import { setTimeout as sleep } from 'node:timers/promises';
import type { Canary } from './clients/canary.ts';
import type { Fault } from './history.ts';
import { NEMESES } from './nemeses/all.ts';
import type { Strike } from './nemeses/nemesis.ts';
import { describeStrike, type Round } from './plan.ts';
import { allReplicas } from './system/layout.ts';
import type { System } from './system/system.ts';

const LOOK_MS = 50;

interface Conduct {
  readonly system: System;
  readonly canary: Canary;
  readonly say: (line: string) => void;
  /** Longest a question may go unanswered after a disturbance is over. */
  readonly patienceMs: number;
}

/** Carries out one round, and resolves when the system works as before, or patience is over. */
export async function conductRound(
  { strikes, restMs }: Round,
  { system, canary, say, patienceMs }: Conduct,
): Promise<Fault> {
  const what = strikes.map(describeStrike).join(' + ');
  say(what);
  const struckAt = Date.now();
  const outcomes = await Promise.allSettled(strikes.map((strike) => carryOut(system, strike)));
  const trouble = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
  const healedAt = Date.now();
  const recoveredAt = await recovered(canary, healedAt, patienceMs);
  const fault: Fault = {
    what,
    nemeses: strikes.map(({ nemesis }) => nemesis),
    targets: strikes.map(({ target }) => target),
    struckAt,
    healedAt,
    ...(recoveredAt === undefined ? {} : { recoveredAt }),
    ...(trouble.length === 0 ? {} : { trouble: trouble.join('; ') }),
  };
  say(`  ${describeEnd(fault)}`);
  await sleep(restMs);
  return fault;
}

async function carryOut(system: System, strike: Strike): Promise<void> {
  await sleep(strike.afterMs);
  const nemesis = NEMESES.find(({ name }) => name === strike.nemesis);
  await nemesis?.strike(system, strike);
}

async function recovered(canary: Canary, healedAt: number, patienceMs: number): Promise<number | undefined> {
  while (Date.now() < healedAt + patienceMs) {
    const at = canary.answeredSince(healedAt);
    if (at !== undefined) return at;
    await sleep(LOOK_MS);
  }
  return undefined;
}

function describeEnd({ healedAt, recoveredAt, trouble }: Fault): string {
  const end = recoveredAt === undefined ? 'NOT RECOVERED' : `answers again after ${recoveredAt - healedAt} ms`;
  return trouble === undefined ? end : `${end} (${trouble})`;
}

/** Takes back whatever may still disturb: the run is over and the system is to come to rest. */
export async function calm(system: System): Promise<void> {
  system.provider.faults.clear();
  for (const node of system.broker.nodes.values()) node.kill('SIGCONT');
  for (const name of system.layout.links) system.link(name).heal();
  system.database.process?.signal('SIGCONT');
  const replicas = allReplicas(system.layout).map((name) => system.replica(name));
  for (const replica of replicas) replica.signal('SIGCONT');
  await Promise.all(replicas.map((replica) => replica.start()));
}
