import { COMMANDS } from '../../shared/messages/command.ts';
import type { Job, JobType } from '../../shared/messages/job.ts';
import type { JobView } from './api/job.ts';
import { wantsNumbers, withNumbers } from './vectors.ts';

/** The step each type of job begins with; its patience is shown while no step is under way. */
const FIRST_STAGE: Readonly<Record<JobType, string>> = {
  ask: 'texts.embed',
  search: 'texts.embed',
  embed: 'texts.embed',
  ingest: 'documents.split',
  generate: 'answer.generate',
  reembed: 'generation.begin',
};

/** A job as clients see it: without its owner, its place among the owner's and the flow's own state. */
export function jobView(job: Job): JobView {
  const { owner: _owner, state: _state, waiting: _waiting, result, ...shown } = job;
  const self = `/v1/jobs/${job.id}`;
  return {
    ...shown,
    object: 'job',
    max_attempts: job.max_attempts ?? attemptsOf(job),
    ...(result === undefined ? {} : { result: wantsNumbers(job) ? withNumbers(result) : result }),
    progress: job.progress,
    tags: [...job.tags],
    links: { self, events: `${self}/events`, cancel: `${self}/cancel` },
  };
}

/** As one of many: without the vectors of an embed job, which could make a page of jobs as large as a database. */
export function jobInList(job: Job): JobView {
  if (job.type !== 'embed') return jobView(job);
  const { result: _, ...rest } = job;
  return jobView(rest);
}

function attemptsOf({ type, stage }: Job): number {
  const command = COMMANDS[stage ?? ''] ?? COMMANDS[FIRST_STAGE[type]];
  return (command?.retries ?? 0) + 1;
}
