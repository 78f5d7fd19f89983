import { z } from 'zod';
import { message, type Of } from './message.ts';

/**
 * Command: make passages of one document and hand out some of them for embedding. Idempotent: the first run stores
 * the passages, every later one (another window, a redelivery) only reads them.
 */
export const SplitDocument = message(
  'documents.split',
  z.object({
    /** Position of the document in the job's input. */
    document: z.int().nonnegative(),
    /** Position of the first passage to hand out. */
    from: z.int().nonnegative(),
  }),
);
export type SplitDocument = Of<typeof SplitDocument>;

/** Event: a document has `total` passages; those from `from` on, as many as fit one message, are here in batches. */
export const PassagesMade = message(
  'passages.made',
  z.object({
    document: z.int(),
    from: z.int(),
    total: z.int(),
    batches: z.array(z.object({ from: z.int(), texts: z.array(z.string()) })),
    /**
     * For which generations of vectors they are to be embedded, the one that answers first, and by which model (any when
     * absent). None when others have seen to it; absent in messages of older releases: by any model.
     */
    models: z
      .array(z.object({ generation: z.int(), model: z.string().optional() }))
      .readonly()
      .optional(),
    /** Set when the document could not be read at all; then there are no passages. */
    error: z.string().optional(),
    /** Set when the same content is searchable already with `total` passages: nothing is handed out. */
    unchanged: z.boolean().optional(),
    /** Set when a later ingest or a deletion of the document made this one void: nothing is handed out. */
    superseded: z.boolean().optional(),
  }),
);
export type PassagesMade = Of<typeof PassagesMade>;
