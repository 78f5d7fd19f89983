import { z } from 'zod';
import { Filter, SearchMode } from './inputs.ts';
import { message, type Of } from './message.ts';

/** A piece of a document that answers a query. `text` is the document's text from `start` to `end` (UTF-16 offsets). */
export const Passage = z.object({
  passage_id: z.string(),
  document_id: z.string(),
  title: z.string(),
  /** Headings above the passage, outermost first, joined by ` › `. */
  heading: z.string(),
  text: z.string(),
  /** Between 0 and 1, comparable within one answer only. */
  score: z.number(),
  /** Cosine similarity of query and passage; absent when no vectors were compared. */
  similarity: z.number().optional(),
  start: z.int(),
  end: z.int(),
  metadata: z.record(z.string(), z.unknown()),
});
export type Passage = z.infer<typeof Passage>;

/** Command: find the passages nearest to a query. `vector` is base64 Float32, absent in mode `text`. */
export const RetrievePassages = message(
  'passages.retrieve',
  z.object({
    owner: z.string(),
    collection: z.string(),
    query: z.string(),
    vector: z.string().optional(),
    model: z.string().optional(),
    top_k: z.int().min(1),
    mode: SearchMode,
    filter: Filter.optional(),
  }),
);
export type RetrievePassages = Of<typeof RetrievePassages>;

/** Event: the passages found, best first. */
export const PassagesRetrieved = message('passages.retrieved', z.object({ passages: z.array(Passage) }));
export type PassagesRetrieved = Of<typeof PassagesRetrieved>;
