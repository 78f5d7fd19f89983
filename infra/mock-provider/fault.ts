import { z } from 'zod';

const HIGHEST_MS = 3_600_000;

/** What goes wrong with one request. Everything is optional and combines. */
export const Fault = z.strictObject({
  /** Answer with this error, in the error body of the dialect. */
  status: z.int().min(400).max(599).optional(),
  /** The Retry-After header: seconds, or an HTTP date. */
  retry_after: z.union([z.number().nonnegative(), z.string()]).optional(),
  /** The error's text instead of the usual one. */
  message: z.string().optional(),
  /** The error's body is a page of HTML, as a proxy in between would send. */
  html: z.boolean().optional(),
  /** Wait so long before anything is sent. */
  delay_ms: z.int().nonnegative().max(HIGHEST_MS).optional(),
  /** Fall silent before the headers, or in the middle of the answer, and stay so. */
  hang: z.enum(['headers', 'stream']).optional(),
  /** Reset the TCP connection before the headers, or in the middle of the answer. */
  reset: z.enum(['headers', 'stream']).optional(),
  /** End the answer in its middle as if it were whole, without the marker of its end. */
  truncate: z.boolean().optional(),
  /** Send one token in a line that is no JSON, then go on. */
  malformed: z.boolean().optional(),
  /** Send an error (with this text) as a line of the stream, then end it. */
  error_line: z.union([z.boolean(), z.string()]).optional(),
  /** Tokens before a fault in mid-stream strikes; 3 when absent. Answers in one piece are cut in their middle. */
  after: z.int().nonnegative().optional(),
  /** Cut each line in several TCP chunks, within UTF-8 sequences where there are any. */
  split: z.boolean().optional(),
  /** Send `drip_bytes` (8) bytes at a time with this pause after each. */
  drip_ms: z.int().positive().max(HIGHEST_MS).optional(),
  drip_bytes: z.int().positive().optional(),
  /** One vector too few, one too many, or vectors of one dimension too few. */
  embeddings: z.enum(['fewer', 'more', 'dimensions']).optional(),
  /** A number of the last vector is NaN, which no JSON parser reads, or null. In base64 it is NaN either way. */
  nan: z.enum(['literal', 'null']).optional(),
  /** A request with this word in any of its texts fails as a whole, with this status (400). */
  poison: z.strictObject({ word: z.string().min(1), status: z.int().min(400).max(599).optional() }).optional(),
});
export type Fault = z.infer<typeof Fault>;

const DEFAULT_AFTER_TOKENS = 3;

export const strikesAfter = (fault: Fault): number => fault.after ?? DEFAULT_AFTER_TOKENS;
