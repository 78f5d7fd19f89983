import { TERMINAL_EVENTS } from '../clients/terminal-events.ts';
import type { History, StoredJob } from '../history.ts';
import type { Excuse } from '../workload.ts';
import type { Violation } from './violation.ts';

const TERMINAL = new Set(['succeeded', 'failed', 'cancelled']);

/** Every job ended, once, and not without a reason in any other way than well. */
export function checkEndings({ jobs, excuses }: History): Violation[] {
  return jobs.flatMap((job): Violation[] => {
    if (!TERMINAL.has(job.status)) return [{ promise: 'stuck', subject: job.id, what: `${job.type} is ${job.status}` }];
    return [...endedTwice(job), ...endedWrongly(job, excusesOf(job, excuses))];
  });
}

const excusesOf = ({ tags }: StoredJob, excuses: History['excuses']): ReadonlySet<Excuse> =>
  new Set(tags.flatMap((tag) => excuses.get(tag) ?? []));

function endedTwice({ id, events }: StoredJob): Violation[] {
  let ended: string | undefined;
  for (const { event, seq } of events) {
    if (event === 'job.replayed') ended = undefined;
    if (!TERMINAL_EVENTS.has(event)) continue;
    if (ended !== undefined) return [{ promise: 'ended twice', subject: id, what: `${ended}, then ${event} (${seq})` }];
    ended = `${event} (${seq})`;
  }
  return ended === undefined ? [{ promise: 'events stored', subject: id, what: 'its end is not among them' }] : [];
}

function endedWrongly({ id, type, status, error }: StoredJob, excuses: ReadonlySet<Excuse>): Violation[] {
  const fine =
    status === 'succeeded' ||
    (status === 'cancelled' && excuses.has('cancelled')) ||
    (status === 'failed' && error?.code === 'deadline_exceeded' && excuses.has('deadline')) ||
    (status === 'failed' && isOfProvider(error?.code) && excuses.has('doomed'));
  return fine
    ? []
    : [{ promise: 'ended wrongly', subject: id, what: `${type} ${status}: ${error?.code} ${error?.message}` }];
}

const isOfProvider = (code: string | undefined): boolean => code === 'provider_error';
