import { endianness } from 'node:os';
import { type Asked, refusePoison } from './asked.ts';
import type { Fault } from './fault.ts';
import { wait } from './waiting.ts';
import { embed } from './words/vectors.ts';

const BIG_ENDIAN = endianness() === 'BE';
/** Digits that a Float32 needs. */
const PRECISION = 8;
/** Stands in JSON where the bare word NaN is to be. */
const NAN_MARK = '@NaN@';

export type Component = number | null | typeof NAN_MARK;

/** The time that a batch of texts takes. */
export const work = ({ behaviour, call }: Asked, texts: number): Promise<void> =>
  wait(behaviour.ttftMs + behaviour.itlMs * texts, call.signal);

function wrongNumber(vectors: Float32Array[], { embeddings }: Fault): Float32Array[] {
  const last = vectors.at(-1);
  if (last === undefined) return vectors;
  if (embeddings === 'fewer') return vectors.slice(0, -1);
  if (embeddings === 'more') return [...vectors, last];
  return embeddings === 'dimensions' ? vectors.map((vector) => vector.slice(0, -1)) : vectors;
}

/** NaN where the fault wants it: within the last vector. */
function withNaN(vectors: Float32Array[], { nan }: Fault): Float32Array[] {
  const last = vectors.at(-1);
  if (nan === undefined || last === undefined) return vectors;
  return [...vectors.slice(0, -1), last.with(0, Number.NaN)];
}

/** Vectors of the texts, after the time it takes and with the faults that befall them. */
export async function embedTexts(asked: Asked, texts: readonly string[], dimensions: number): Promise<Float32Array[]> {
  refusePoison(asked, texts);
  await work(asked, texts.length);
  const vectors = texts.map((text) => embed(text, dimensions));
  asked.counters.textsEmbedded(texts.length);
  return withNaN(wrongNumber(vectors, asked.fault), asked.fault);
}

/** A vector as numbers in JSON. */
export const components = (vector: Float32Array, { nan }: Fault): Component[] =>
  Array.from(vector, (x) => {
    if (Number.isNaN(x)) return nan === 'literal' ? NAN_MARK : null;
    return Number(x.toPrecision(PRECISION));
  });

/** JSON of what holds components: NaN stands there as some servers write it, which JSON does not allow. */
export const stringify = (value: unknown): string => JSON.stringify(value).replaceAll(`"${NAN_MARK}"`, 'NaN');

/** A vector as little-endian Float32 in base64. */
export function base64(vector: Float32Array): string {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return (BIG_ENDIAN ? Buffer.from(bytes).swap32() : bytes).toString('base64');
}
