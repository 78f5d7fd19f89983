import { z } from 'zod';
import { Filter } from './filter.ts';
import { SearchMode } from './inputs.ts';
import { message, type Of } from './message.ts';

/** One of the two rankings as it saw a passage; absent when the passage is not among its candidates. */
const rankedBy = <Measure extends z.ZodRawShape>(measure: Measure) =>
  z.object({ rank: z.int().min(1), ...measure, scaled: z.number().describe('0 to 1 over its candidates.') }).optional();

/** How a score came about: `weight · dense.scaled + (1 − weight) · lexical.scaled`. */
export const Explanation = z.object({
  weight: z.number().describe('Of the vectors against the words, 0 to 1.'),
  dense: rankedBy({
    similarity: z.number().describe('Cosine.'),
    context: z.number().optional().describe('Mean cosine of the passages around it, in a hybrid search.'),
  }),
  lexical: rankedBy({ bm25: z.number() }),
  model: z.string().optional().describe('That made the vectors; absent when none were compared.'),
  generation: z.int().optional().describe('Of the vectors; another one after a change of model.'),
});
export type Explanation = z.infer<typeof Explanation>;

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
  /** Page of its document on which it begins, counted from 1; absent where a document has no pages. */
  page: z.int().optional(),
  metadata: z.record(z.string(), z.unknown()),
  explain: Explanation.optional(),
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
    explain: z.boolean().optional(),
  }),
);
export type RetrievePassages = Of<typeof RetrievePassages>;

/** Event: the passages found, best first. */
export const PassagesRetrieved = message('passages.retrieved', z.object({ passages: z.array(Passage) }));
export type PassagesRetrieved = Of<typeof PassagesRetrieved>;

/**
 * Event: the collection has no vectors by the model that made the query's; `model` is the one whose it has now, absent
 * while any will do.
 */
export const QueryOutdated = message('query.outdated', z.object({ model: z.string().optional() }));
export type QueryOutdated = Of<typeof QueryOutdated>;
