import { z } from 'zod';
import { AnswerDelta, AnswerGenerated, AnswerStarted } from './answering.ts';
import type { Command } from './command.ts';
import { QuestionCondensed } from './condensing.ts';
import { TextsEmbedded } from './embedding.ts';
import { CommandFailed, CommandReplayed, CommandRetrying, CommandStarted } from './outcome.ts';
import { PassagesRanked } from './ranking.ts';
import {
  GenerationBegun,
  GenerationDropped,
  GenerationProbed,
  GenerationSwitched,
  GenerationUnready,
  PassagesGathered,
} from './reembedding.ts';
import { PassagesRetrieved, QueryOutdated } from './retrieval.ts';
import { PassagesMade } from './splitting.ts';
import { JobAdmitted, JobCancel, JobDue, JobOverdue, JobSubmitted } from './submission.ts';

/** Every event a job's journal may hold. */
export const EVENTS = {
  [JobSubmitted.type]: JobSubmitted,
  [JobCancel.type]: JobCancel,
  [JobDue.type]: JobDue,
  [JobAdmitted.type]: JobAdmitted,
  [JobOverdue.type]: JobOverdue,
  [QuestionCondensed.type]: QuestionCondensed,
  [TextsEmbedded.type]: TextsEmbedded,
  [PassagesMade.type]: PassagesMade,
  [PassagesRetrieved.type]: PassagesRetrieved,
  [QueryOutdated.type]: QueryOutdated,
  [GenerationBegun.type]: GenerationBegun,
  [PassagesGathered.type]: PassagesGathered,
  [GenerationProbed.type]: GenerationProbed,
  [GenerationSwitched.type]: GenerationSwitched,
  [GenerationUnready.type]: GenerationUnready,
  [GenerationDropped.type]: GenerationDropped,
  [PassagesRanked.type]: PassagesRanked,
  [AnswerStarted.type]: AnswerStarted,
  [AnswerDelta.type]: AnswerDelta,
  [AnswerGenerated.type]: AnswerGenerated,
  [CommandStarted.type]: CommandStarted,
  [CommandRetrying.type]: CommandRetrying,
  [CommandFailed.type]: CommandFailed,
  [CommandReplayed.type]: CommandReplayed,
} as const;

export type Event = ReturnType<(typeof EVENTS)[keyof typeof EVENTS]['parse']>;

/** An event in a job's journal. Its id is the same however often it is sent. */
export interface JournalRecord<E extends Event = Event> {
  readonly id: string;
  readonly job: string;
  /** Epoch milliseconds at which it happened. */
  readonly at: number;
  readonly event: E;
}

/** The end of the year 9999: no clock is that wrong. */
const LATEST_MS = 253_402_300_799_999;

const RecordEnvelope = z.object({
  id: z.string().min(1),
  job: z.string().min(1),
  at: z.number().min(0).max(LATEST_MS),
  type: z.string(),
  body: z.unknown(),
});

/** Checks one record of a journal message. @throws {z.ZodError} or an Error naming an unknown type */
export function parseRecord(raw: unknown): JournalRecord {
  const { id, job, at, type, body } = RecordEnvelope.parse(raw);
  const known = EVENTS[type as keyof typeof EVENTS];
  if (known === undefined) throw new Error(`unknown event type "${type}"`);
  return { id, job, at, event: known.parse(body) as Event };
}

/** The JSON form of a record inside a journal message. */
export const recordToJson = ({ id, job, at, event }: JournalRecord) => ({
  id,
  job,
  at,
  type: event.type,
  body: event.body,
});

/** The record with which the outcome of a command reaches its job; `detail` tells several of one type apart. */
export function recordOf<E extends Event>(command: Command, event: E, at: number, detail?: string): JournalRecord<E> {
  const replay = command.replay === 0 ? '' : `/${command.replay}`;
  const suffix = detail === undefined ? '' : `/${detail}`;
  return { id: `${command.job}/${event.type}/${command.part}${replay}${suffix}`, job: command.job, at, event };
}
