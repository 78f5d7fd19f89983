import { quantile } from '../support/quantiles.ts';
import { check } from './check/check.ts';
import { PROMISES, type Promised, type Violation } from './check/violation.ts';
import type { Attempt, Fault, History, StoredJob } from './history.ts';

/** Milliseconds from the end of a disturbance to an answer to a question asked after it. */
export interface Recovery {
  readonly times: number;
  readonly p50_ms: number;
  readonly max_ms: number;
}

/** What a run adds up to. */
export interface Ledger {
  readonly attempted: number;
  readonly accepted: number;
  /** Never taken, by a clear answer. */
  readonly refused: number;
  /** The answer got lost, and with it whether there is a job. */
  readonly unknown: number;
  readonly ended: Readonly<Record<string, number>>;
  readonly replayed: number;
  /** Promises broken, by kind; all are named. */
  readonly violations: Readonly<Record<Promised, number>>;
  readonly events: { readonly stored: number; readonly seen: number; readonly connections: number };
  readonly dead_letters: { readonly expected: number; readonly unexpected: number };
  readonly faults: number;
  readonly recovery: Readonly<Record<string, Recovery>>;
  readonly provider: {
    readonly requests: number;
    readonly tokens: number;
    readonly tokens_wasted: number;
    readonly texts: number;
    readonly texts_wasted: number;
  };
}

export function ledgerOf(history: History): { ledger: Ledger; violations: readonly Violation[] } {
  const violations = check(history);
  const { jobs, streams, deadLetters } = history;
  const broken = (promise: Promised) => violations.filter((violation) => violation.promise === promise).length;
  const ledger: Ledger = {
    ...counted(history.attempts),
    ended: tally(jobs.map(({ status }) => status)),
    replayed: sum(jobs, ({ events }) => events.filter(({ event }) => event === 'job.replayed').length),
    violations: Object.fromEntries(
      Object.keys(PROMISES).map((promise) => [promise, broken(promise as Promised)]),
    ) as Ledger['violations'],
    events: {
      stored: sum(jobs, ({ events }) => events.length),
      seen: sum(streams, ({ seen }) => seen.length),
      connections: streams.length,
    },
    dead_letters: { expected: deadLetters.length - broken('dead letter'), unexpected: broken('dead letter') },
    faults: history.faults.length,
    recovery: recoveries(history),
    provider: workOf(history),
  };
  return { ledger, violations };
}

/** By wish, not by sending: a wish that was accepted at last is accepted. */
function counted(attempts: readonly Attempt[]): Pick<Ledger, 'attempted' | 'accepted' | 'refused' | 'unknown'> {
  const best = new Map<string, 'accepted' | 'refused' | 'unknown'>();
  for (const { op, outcome } of attempts) {
    const before = best.get(op);
    if (before === 'accepted' || (before === 'unknown' && outcome.is === 'refused')) continue;
    best.set(op, outcome.is);
  }
  const { accepted = 0, refused = 0, unknown = 0 } = tally([...best.values()]);
  return { attempted: best.size, accepted, refused, unknown };
}

const tally = (words: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
};

const sum = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

/** Of all disturbances together, and of those of one kind that struck alone; `undisturbed` is what answers take anyway. */
function recoveries({ faults, undisturbedMs }: History): Record<string, Recovery> {
  const timesOf = (some: readonly Fault[]) =>
    some.flatMap(({ healedAt, recoveredAt }) => (recoveredAt === undefined ? [] : [recoveredAt - healedAt]));
  const single = faults.filter(({ nemeses }) => nemeses.length === 1);
  const kinds = [...new Set(single.flatMap(({ nemeses }) => nemeses))].sort();
  return {
    undisturbed: spreadOf(undisturbedMs),
    all: spreadOf(timesOf(faults)),
    ...Object.fromEntries(
      kinds.map((kind) => [kind, spreadOf(timesOf(single.filter(({ nemeses }) => nemeses[0] === kind)))]),
    ),
  };
}

const spreadOf = (times: readonly number[]): Recovery => ({
  times: times.length,
  p50_ms: quantile(times, 0.5),
  max_ms: quantile(times, 1),
});

/** What the provider did beyond what the results needed: runs that were cut off, and texts embedded twice. */
function workOf({ provider, jobs }: History): Ledger['provider'] {
  const needed = (of: keyof NonNullable<StoredJob['usage']>) => sum(jobs, ({ usage }) => usage?.[of] ?? 0);
  return {
    ...provider,
    tokens_wasted: Math.max(0, provider.tokens - needed('completion_tokens')),
    texts_wasted: Math.max(0, provider.texts - needed('embedded_texts')),
  };
}
