import { z } from 'zod';
import { ChatMessage } from './inputs.ts';
import { Usage } from './job.ts';
import { message, type Of } from './message.ts';
import { Passage } from './retrieval.ts';

/** Provider and model of answers that are only quotes: no language model. */
export const EXTRACTIVE = 'extractive';

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
  page: true,
}).extend({ n: z.int().min(1) });
export type Citation = z.infer<typeof Citation>;

/** Command: write a text. With `question` and `passages` the answer rests on them and cites them as [n]. */
export const GenerateAnswer = message(
  'answer.generate',
  z.object({
    messages: z.array(ChatMessage).optional(),
    question: z.string().optional(),
    /** The question in words that need no conversation before them. */
    standalone: z.string().optional(),
    passages: z.array(Passage).optional(),
    /** Similarity of the tenth of the passages that were looked at, the nearest first: what is hardly nearer may be beside the point. */
    background: z.number().optional(),
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

/** What there was no room for in the model's context. */
export const Cut = z.object({
  /** Messages of the history, the oldest. */
  history: z.int().min(1).optional(),
  /** Passages, the least relevant. */
  passages: z.int().min(1).optional(),
  /** Number of the passage whose end was left out. */
  shortened: z.int().min(1).optional(),
  /** The end of the answer itself. */
  answer: z.literal(true).optional(),
});
export type Cut = z.infer<typeof Cut>;

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
    /** It says that the passages hold no answer. */
    not_found: z.literal(true).optional(),
    cut: Cut.optional(),
    usage: Usage.optional(),
  }),
);
export type AnswerGenerated = Of<typeof AnswerGenerated>;

/** The result of an `ask`. */
export const AskResult = z.object({
  answer: z.string(),
  citations: z.array(Citation).describe('The passages that the answer cites as [n], each as it was when it was found.'),
  model: z.string(),
  provider: z.string(),
  degraded: z.boolean().describe('A fallback answered instead of the model that was asked for.'),
  standalone_question: z
    .string()
    .optional()
    .describe('What was looked for: the question in words that need no history.'),
  condensed: z
    .literal(false)
    .optional()
    .describe('There was a history; the question was looked for as it is all the same.'),
  reranked: z.boolean().optional().describe('Whether the ranker had its say, where there is one.'),
  not_found: z.literal(true).optional().describe('The answer says that the passages hold none.'),
  uncited: z.literal(true).optional().describe('The answer cites nothing: take it with care.'),
  cut: Cut.optional().describe('What there was no room for in the context of the model.'),
});
export type AskResult = z.infer<typeof AskResult>;
