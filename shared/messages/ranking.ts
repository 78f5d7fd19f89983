import { z } from 'zod';
import { message, type Of } from './message.ts';

/** Command: say how well each passage answers the question. */
export const RankPassages = message(
  'passages.rank',
  z.object({
    question: z.string(),
    passages: z.array(z.object({ id: z.string(), text: z.string() })).min(1),
  }),
);
export type RankPassages = Of<typeof RankPassages>;

/**
 * Event: a score for each passage, by its id; higher is better, comparable within this event only. Without scores when the
 * ranker is out: nobody waits for it.
 */
export const PassagesRanked = message(
  'passages.ranked',
  z.object({
    scores: z.record(z.string(), z.number()).optional(),
    model: z.string(),
    provider: z.string(),
    provider_ms: z.number(),
  }),
);
export type PassagesRanked = Of<typeof PassagesRanked>;
