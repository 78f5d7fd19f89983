import type { Attempt, History } from '../history.ts';
import type { Violation } from './violation.ts';

/** Every accepted job is there, and every wish became one job at most, however often it was sent. */
export function checkAcceptance({ attempts, jobs }: History): Violation[] {
  const stored = new Set(jobs.map(({ id }) => id));
  const taken = accepted(attempts);
  const lost = [...new Map(taken)].filter(([job]) => !stored.has(job));
  const made = new Map<string, Set<string>>();
  const note = (op: string, job: string) => made.set(op, (made.get(op) ?? new Set<string>()).add(job));
  for (const [job, op] of taken) note(op, job);
  for (const { id, tags } of jobs) for (const tag of tags) note(tag, id);
  const twice = [...made].filter(([, ids]) => ids.size > 1);
  return [
    ...lost.map(([job, op]): Violation => ({ promise: 'lost', subject: job, what: `accepted for ${op}` })),
    ...twice.map(([op, ids]): Violation => ({ promise: 'accepted twice', subject: op, what: [...ids].join(' ') })),
  ];
}

/** Accepted jobs, each with the wish it was accepted for. */
const accepted = (attempts: readonly Attempt[]): [job: string, op: string][] =>
  attempts.flatMap(({ op, outcome }) => (outcome.is === 'accepted' ? [[outcome.job, op]] : []));
