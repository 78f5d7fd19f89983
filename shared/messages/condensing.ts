import { z } from 'zod';
import { ChatMessage } from './inputs.ts';
import { Usage } from './job.ts';
import { message, type Of } from './message.ts';

/** Command: put a question that leans on a conversation into words that stand alone. */
export const CondenseQuestion = message(
  'question.condense',
  z.object({
    question: z.string(),
    history: z.array(ChatMessage).min(1),
    model: z.string().optional(),
  }),
);
export type CondenseQuestion = Of<typeof CondenseQuestion>;

/** Event: the question as it stands alone; absent when nobody was there to say it, or what was said is no question. */
export const QuestionCondensed = message(
  'question.condensed',
  z.object({ question: z.string().optional(), usage: Usage.optional() }),
);
export type QuestionCondensed = Of<typeof QuestionCondensed>;
