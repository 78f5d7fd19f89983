import { z } from 'zod';

/** Limits of what one job may carry; beyond them the gateway answers 422. */
const MAX_TEXTS = 2048;
const MAX_TEXT_CHARS = 200_000;
const MAX_QUESTION_CHARS = 20_000;
const MAX_DOCUMENTS = 1000;
const MAX_ID_CHARS = 200;

const Text = z.string().max(MAX_TEXT_CHARS);
const Metadata = z.record(z.string(), z.unknown());

export const CollectionName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'letters, digits, dot, dash and underscore, at most 128 characters');

/** Restricts passages by the metadata of their document: every named key must equal the value. */
export const Filter = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
export type Filter = z.infer<typeof Filter>;

export const SearchMode = z.enum(['hybrid', 'vector', 'text']);
export type SearchMode = z.infer<typeof SearchMode>;

export const EmbedInput = z.strictObject({
  texts: z.array(Text.min(1)).min(1).max(MAX_TEXTS),
  model: z.string().max(MAX_ID_CHARS).optional(),
  encoding_format: z.enum(['float', 'base64']).optional(),
});
export type EmbedInput = z.infer<typeof EmbedInput>;

export const ChatMessage = z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: Text });
export type ChatMessage = z.infer<typeof ChatMessage>;

export const GenerateInput = z
  .strictObject({
    prompt: Text.min(1).optional(),
    messages: z.array(ChatMessage).min(1).max(500).optional(),
    model: z.string().max(MAX_ID_CHARS).optional(),
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

export const AskInput = z.strictObject({
  collection: CollectionName,
  question: z.string().min(1).max(MAX_QUESTION_CHARS),
  top_k: z.int().min(1).max(100).optional(),
  rerank_to: z.int().min(1).max(50).optional(),
  filter: Filter.optional(),
  history: z.array(ChatMessage).max(100).optional(),
  model: z.string().max(MAX_ID_CHARS).optional(),
});
export type AskInput = z.infer<typeof AskInput>;

export const SearchInput = z.strictObject({
  collection: CollectionName,
  query: z.string().min(1).max(MAX_QUESTION_CHARS),
  top_k: z.int().min(1).max(100).optional(),
  filter: Filter.optional(),
  mode: SearchMode.optional(),
});
export type SearchInput = z.infer<typeof SearchInput>;

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
