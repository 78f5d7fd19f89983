import { seededRandom } from '../../../infra/eval/scoring/random.ts';
import type { Embedded } from './corpus.ts';

export interface MixedDocument {
  readonly id: string;
  readonly metadata: { readonly share: number; readonly year: number; readonly tags: readonly string[] };
  readonly passages: readonly Embedded[];
}

const PASSAGES_A_DOCUMENT = 10;
/** Length of what is added to a vector by chance, against its own. */
const NOISE = 0.35;

/**
 * Many passages out of few: each takes sentences of one text and some of another, and its vector lies between theirs, with
 * noise. So words keep their natural distribution, and vectors stay where texts of this kind are. `share` is 0 to 99,
 * each as frequent as the others.
 */
export function* mixture(corpus: readonly Embedded[], passages: number, seed = 1): Generator<MixedDocument> {
  const random = seededRandom(seed);
  const any = () => corpus[Math.floor(random() * corpus.length)] as Embedded;
  for (let begun = 0; begun < passages; begun += PASSAGES_A_DOCUMENT) {
    const number = begun / PASSAGES_A_DOCUMENT;
    const count = Math.min(PASSAGES_A_DOCUMENT, passages - begun);
    yield {
      id: `document-${number}`,
      metadata: { share: number % 100, year: 2000 + (number % 25), tags: [`t${number % 7}`, `t${number % 11}`] },
      passages: Array.from({ length: count }, () => mixed(any(), any(), 0.5 + random() / 2, random)),
    };
  }
}

function mixed(one: Embedded, other: Embedded, weight: number, random: () => number): Embedded {
  const text = [...some(one.text, weight), ...some(other.text, 1 - weight)].join(' ');
  const noise = NOISE / Math.sqrt(one.vector.length);
  const vector = one.vector.map(
    (value, index) => weight * value + (1 - weight) * (other.vector[index] ?? 0) + noise * gaussian(random),
  );
  const length = Math.hypot(...vector);
  return { text, vector: vector.map((value) => value / length) };
}

/** The first sentences of a text, as many as make up this share of it. */
function some(text: string, share: number): string[] {
  const sentences = text.split(/(?<=[.!?])\s+|\n+/);
  return sentences.slice(0, Math.round(sentences.length * share));
}

/** Box and Muller's. */
const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
