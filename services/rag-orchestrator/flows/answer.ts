import {
  AnswerDelta,
  type AnswerGenerated,
  AnswerStarted,
  AnswerGenerated as Generated,
} from '../../../shared/messages/answering.ts';
import type { Job } from '../../../shared/messages/job.ts';
import type { Event } from '../../../shared/messages/record.ts';
import { andThen, type Decision, decision, nothing, withState } from './flow.ts';

/** The part of a flow's state that follows an answer being written: the current run and how much of it was shown. */
interface Answer {
  readonly run?: string;
  /** UTF-16 units of the current run's text that clients have seen. */
  readonly shown?: number;
}

/**
 * Follows an answer while it is written. Only the current run is heard: a worker that was replaced may go on talking,
 * and nobody shall see its words between those of its successor.
 */
export function onAnswer(
  job: Job,
  event: Event,
  finish: (job: Job, body: AnswerGenerated['body']) => Decision,
): Decision {
  const { run, shown = 0 } = job.state as Answer;
  switch (event.type) {
    case AnswerStarted.type:
      return event.body.run === run ? nothing(job) : begin(job, event.body.run, shown);
    case AnswerDelta.type:
      return event.body.run === run && event.body.offset === shown
        ? show(job, run, shown, event.body.text)
        : nothing(job);
    case Generated.type:
      if (event.body.run !== run) return nothing(job);
      return andThen(show(job, run, shown, event.body.text.slice(shown)), (shownJob) => finish(shownJob, event.body));
    default:
      return nothing(job);
  }
}

function begin(job: Job, run: string, shown: number): Decision {
  const next = withState(job, { run, shown: 0 });
  if (shown === 0) return decision(next);
  return decision(next, {
    events: [{ event: 'output.reset', data: { run, reason: 'another attempt starts its text again' } }],
  });
}

function show(job: Job, run: string, offset: number, text: string): Decision {
  if (text === '') return nothing(job);
  return decision(withState(job, { shown: offset + text.length }), {
    events: [{ event: 'output.delta', data: { run, offset, text } }],
  });
}
