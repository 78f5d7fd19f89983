import { z } from 'zod';
import { Filter } from './filter.ts';

/** Limits of what one job may carry; beyond them the gateway answers 422. */
const MAX_TEXTS = 2048;
const MAX_TEXT_CHARS = 200_000;
const MAX_QUESTION_CHARS = 20_000;
const MAX_DOCUMENTS = 1000;
const MAX_ID_CHARS = 200;

const Text = z.string().max(MAX_TEXT_CHARS);
const Metadata = z.record(z.string(), z.unknown());
const Model = z.string().min(1, 'must name a model; leave the field out for the default').max(MAX_ID_CHARS);

export const CollectionName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'letters, digits, dot, dash and underscore, at most 128 characters');

export const SearchMode = z.enum(['hybrid', 'vector', 'text']);
export type SearchMode = z.infer<typeof SearchMode>;

export const EmbedInput = z.strictObject({
  texts: z.array(Text.min(1)).min(1).max(MAX_TEXTS),
  model: Model.optional(),
  encoding_format: z.enum(['float', 'base64']).optional(),
});
export type EmbedInput = z.infer<typeof EmbedInput>;

export const ChatMessage = z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: Text });
export type ChatMessage = z.infer<typeof ChatMessage>;

export const GenerateInput = z
  .strictObject({
    prompt: Text.min(1).optional(),
    messages: z.array(ChatMessage).min(1).max(500).optional(),
    model: Model.optional(),
    max_tokens: z.int().min(1).max(100_000).optional(),
    temperature: z.number().min(0).max(2).optional(),
  })
  .refine((input) => (input.prompt === undefined) !== (input.messages === undefined), {
    error: 'give either prompt or messages',
    path: ['prompt'],
  });
export type GenerateInput = z.infer<typeof GenerateInput>;

/** A document as a client sends it. */
export const DocumentInput = z
  .strictObject({
    id: z.string().min(1).max(MAX_ID_CHARS).optional(),
    title: z.string().max(1000).optional(),
    text: z.string().optional(),
    content_base64: z.base64().optional(),
    mime_type: z.string().max(MAX_ID_CHARS).optional(),
    source: z.string().max(2000).optional(),
    metadata: Metadata.optional(),
  })
  .refine((document) => (document.text === undefined) !== (document.content_base64 === undefined), {
    error: 'give either text or content_base64',
    path: ['text'],
  });
export type DocumentInput = z.infer<typeof DocumentInput>;

export const IngestInput = z.strictObject({
  collection: CollectionName,
  documents: z.array(DocumentInput).min(1).max(MAX_DOCUMENTS),
});
export type IngestInput = z.infer<typeof IngestInput>;

/** Maximal marginal relevance; `true` is an object without `lambda`. */
export const Mmr = z.union([z.boolean(), z.strictObject({ lambda: z.number().min(0).max(1).optional() })]);

export const AskInput = z.strictObject({
  collection: CollectionName,
  question: z.string().min(1).max(MAX_QUESTION_CHARS),
  top_k: z.int().min(1).max(100).optional(),
  rerank_to: z.int().min(1).max(50).optional(),
  filter: Filter.optional(),
  mmr: Mmr.optional().describe(
    'Choose the passages of the prompt by maximal marginal relevance, so that none says what another has said. `lambda` ' +
      'from 0 (as different as can be) to 1 (as relevant as can be); 0.7 when it is not given.',
  ),
  history: z
    .array(ChatMessage)
    .max(100)
    .optional()
    .describe(
      'The conversation before the question. A language model first puts the question into words that stand alone.',
    ),
  model: Model.optional(),
});
export type AskInput = z.infer<typeof AskInput>;

export const SearchInput = z.strictObject({
  collection: CollectionName,
  query: z.string().min(1).max(MAX_QUESTION_CHARS),
  top_k: z.int().min(1).max(100).optional(),
  filter: Filter.optional(),
  mode: SearchMode.optional(),
  explain: z.boolean().optional().describe('Tell of each passage how its score came about.'),
});
export type SearchInput = z.infer<typeof SearchInput>;

const MAX_EVAL_QUERIES = 1000;
const MAX_JUDGEMENTS = 10_000;

/** Questions and the documents that answer them, in the shape of the files that `npm run eval` reads. */
export const EvalInput = z
  .strictObject({
    queries: z
      .array(z.object({ _id: z.string().min(1), text: z.string().min(1).max(MAX_QUESTION_CHARS) }))
      .min(1)
      .max(MAX_EVAL_QUERIES),
    qrels: z
      .array(z.object({ query: z.string(), document: z.string(), score: z.number().optional() }))
      .min(1)
      .max(MAX_JUDGEMENTS),
    min_recall_at_10: z.number().min(0).max(1),
  })
  .refine(
    ({ queries, qrels }) => {
      const answered = new Set(qrels.flatMap(({ query, score = 1 }) => (score > 0 ? query : [])));
      return queries.every(({ _id }) => answered.has(_id));
    },
    { error: 'each query needs a document that answers it', path: ['qrels'] },
  );
export type EvalInput = z.infer<typeof EvalInput>;

export const ReembedInput = z.strictObject({
  collection: CollectionName,
  embedding_model: z.string().min(1, 'must name a model').max(MAX_ID_CHARS),
  /** Switch even when some passages cannot be embedded: these are then found by their words alone. */
  partial: z.boolean().optional(),
  eval: EvalInput.optional(),
});
export type ReembedInput = z.infer<typeof ReembedInput>;

/**
 * A document inside an accepted ingest job. The gateway gives it an id and a MIME type; content larger than a message
 * should carry lies in the `uploads` table and `upload` names its row (claim check), else `text` holds it.
 */
export const AcceptedDocument = z.object({
  id: z.string(),
  title: z.string().optional(),
  mime_type: z.string(),
  source: z.string().optional(),
  metadata: Metadata.optional(),
  bytes: z.int(),
  text: z.string().optional(),
  upload: z.string().optional(),
});
export type AcceptedDocument = z.infer<typeof AcceptedDocument>;

/** The input of an ingest job once accepted. */
export const AcceptedIngest = z.object({ collection: CollectionName, documents: z.array(AcceptedDocument) });
export type AcceptedIngest = z.infer<typeof AcceptedIngest>;
