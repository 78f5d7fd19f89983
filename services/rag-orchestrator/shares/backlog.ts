import type { Job } from '../../../shared/messages/job.ts';
import type { Backlog } from '../../../shared/store/shares.ts';

/** One string for each backlog. */
export const nameOf = ({ owner, type, priority }: Backlog): string => `${type} ${priority} ${owner}`;

export const backlogOf = ({ owner, type, priority }: Pick<Job, keyof Backlog>): Backlog => ({ owner, type, priority });

/** The same backlogs, each once. */
export const distinct = (backlogs: readonly Backlog[]): Backlog[] => [
  ...new Map(backlogs.map((backlog) => [nameOf(backlog), backlog])).values(),
];
