import { EXTRACTIVE } from '../../../shared/messages/answering.ts';
import { CondenseQuestion, QuestionCondensed } from '../../../shared/messages/condensing.ts';
import type { AskInput } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import type { Event } from '../../../shared/messages/record.ts';
import { advance, type Decision, nothing, withState } from './flow.ts';
import { withUsage } from './usage.ts';

/** What a flow remembers of it. `languageModel` is from the job's birth. */
interface State {
  readonly languageModel?: boolean;
  /** The question in words that stand alone. */
  readonly standalone?: string;
}

const historyOf = (job: Job) => (job.input as AskInput).history ?? [];

/** A question leans on what was said before it, and a language model is there to say it without that. */
export function leansOnHistory(job: Job): boolean {
  const { languageModel = false } = job.state as State;
  const said = historyOf(job).some(({ role }) => role !== 'system');
  return said && languageModel && (job.input as AskInput).model !== EXTRACTIVE;
}

/** First command of such a question. */
export function startCondensing(job: Job): Decision {
  const { question, model } = job.input as AskInput;
  const command = CondenseQuestion({ question, history: historyOf(job), ...(model === undefined ? {} : { model }) });
  return advance(job, 0, { command, part: '0', model });
}

/** The job goes on with the question it now has, or with the one that was asked when there is no better one. */
export function onCondensed(job: Job, event: Event, next: (job: Job) => Decision): Decision {
  if (event.type !== QuestionCondensed.type) return nothing(job);
  const { question, usage } = event.body;
  const counted = withUsage(job, usage);
  return next(question === undefined ? counted : withState(counted, { standalone: question }));
}

/** The question to look for: as it stands alone, where it had to be put into other words. */
export const standaloneQuestion = (job: Job): string =>
  (job.state as State).standalone ?? (job.input as AskInput).question;

/** What a result tells of it, when there was a conversation. */
export function condensed(job: Job): { standalone_question: string } | { condensed: false } | undefined {
  const { standalone } = job.state as State;
  if (standalone !== undefined) return { standalone_question: standalone };
  return historyOf(job).length === 0 ? undefined : { condensed: false };
}
