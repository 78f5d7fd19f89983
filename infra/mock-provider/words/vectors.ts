import { hash, numbersFrom } from './seed.ts';

/** Places of a vector that one feature touches: few, so that two features seldom meet. */
const PLACES = 12;
const WORD_WEIGHT = 1;
/** The beginning of a word is a feature, too: `retry` and `retries` are near. */
const STEM_WEIGHT = 0.5;
const STEM_LENGTH = 4;
/** Words up to this long are mostly grammar. */
const SHORT_WORD = 3;
const SHORT_WEIGHT = 0.25;

function addFeature(vector: Float64Array, feature: string, weight: number): void {
  const next = numbersFrom(hash(feature));
  for (let i = 0; i < PLACES; i += 1) {
    const place = next(vector.length);
    vector[place] = (vector[place] ?? 0) + (next(2) === 0 ? weight : -weight);
  }
}

function unit(vector: Float64Array): Float32Array {
  let squares = 0;
  for (const x of vector) squares += x * x;
  const result = new Float32Array(vector.length);
  if (squares === 0) result[0] = 1;
  else result.set(vector.map((x) => x / Math.sqrt(squares)));
  return result;
}

/** A text's unit vector, summed from hashes of its words: texts that share words are near. */
export function embed(text: string, dimensions: number): Float32Array {
  const vector = new Float64Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    addFeature(vector, word, word.length > SHORT_WORD ? WORD_WEIGHT : SHORT_WEIGHT);
    if (word.length > STEM_LENGTH) addFeature(vector, `${word.slice(0, STEM_LENGTH)}…`, STEM_WEIGHT);
  }
  return unit(vector);
}

/** Cosine similarity of two unit vectors. */
export const cosine = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, x, index) => sum + x * (b[index] ?? 0), 0);
