import { z } from 'zod';
import { ChatMessage } from './inputs.ts';
import { Usage } from './job.ts';
import { message, type Of } from './message.ts';
import { Passage } from './retrieval.ts';

/** A passage under the number by which an answer cites it, counted from 1. */
export const Citation = Passage.pick({
  document_id: true,
  passage_id: true,
  title: true,
  heading: true,
  text: true,
  score: true,
  start: true,
  end: true,
}).extend({ n: z.int().min(1) });
export type Citation = z.infer<typeof Citation>;

/** Command: write a text. With `question` and `passages` the answer rests on them and cites them as [n]. */
export const GenerateAnswer = message(
  'answer.generate',
  z.object({
    messages: z.array(ChatMessage).optional(),
    question: z.string().optional(),
    passages: z.array(Passage).optional(),
    model: z.string().optional(),
    max_tokens: z.int().optional(),
    temperature: z.number().optional(),
  }),
);
export type GenerateAnswer = Of<typeof GenerateAnswer>;

/** Event: a worker began to write. Its `run` is the current one from here on; other runs are no longer heard. */
export const AnswerStarted = message('answer.started', z.object({ run: z.string() }));
export type AnswerStarted = Of<typeof AnswerStarted>;

/** Event: some more text; `offset` is where it begins in the run's text (UTF-16 units). */
export const AnswerDelta = message(
  'answer.delta',
  z.object({ run: z.string(), offset: z.int().nonnegative(), text: z.string() }),
);
export type AnswerDelta = Of<typeof AnswerDelta>;

/** Event: the text is whole. */
export const AnswerGenerated = message(
  'answer.generated',
  z.object({
    run: z.string(),
    text: z.string(),
    model: z.string(),
    provider: z.string(),
    finish_reason: z.string(),
    /** A fallback answered instead of the model that was asked for. */
    degraded: z.boolean(),
    /** Numbers of the passages that the text cites. */
    cited: z.array(z.int()),
    usage: Usage.optional(),
  }),
);
export type AnswerGenerated = Of<typeof AnswerGenerated>;
