import { z } from 'zod';
import { message, type Of } from './message.ts';

/** Command: turn texts into vectors. `batch` names the part of the job they are. */
export const EmbedTexts = message(
  'texts.embed',
  z.object({
    batch: z.string(),
    /** Some models prefix queries and documents differently. */
    role: z.enum(['query', 'document']),
    model: z.string().optional(),
    texts: z.array(z.string()).min(1),
    /** Hand back null for a text that cannot be embedded, rather than fail the whole batch. */
    partial: z.boolean().optional(),
  }),
);
export type EmbedTexts = Of<typeof EmbedTexts>;

/** Event: the vectors of a batch, in the order of its texts, each little-endian Float32 in base64 (null: see `failures`). */
export const TextsEmbedded = message(
  'texts.embedded',
  z.object({
    batch: z.string(),
    model: z.string(),
    dimensions: z.int(),
    vectors: z.array(z.string().nullable()),
    failures: z.array(z.object({ index: z.int(), message: z.string() })).optional(),
    provider: z.string(),
    provider_ms: z.number(),
    prompt_tokens: z.int().optional(),
    /** The tokens are estimated: the provider does not count them. */
    estimated: z.boolean().optional(),
  }),
);
export type TextsEmbedded = Of<typeof TextsEmbedded>;
