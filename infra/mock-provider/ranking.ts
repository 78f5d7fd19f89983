import { type Asked, refusePoison } from './asked.ts';
import { work } from './embedding.ts';
import { cosine, embed } from './words/vectors.ts';

/** A text's place in a ranking. */
export interface Rank {
  readonly index: number;
  /** Between 0 and 1. */
  readonly score: number;
  /** Before the squashing: any number. */
  readonly raw: number;
}

/** Unrelated texts have a cosine near 0.1, related ones above 0.3: these spread them over 0 to 1. */
const MIDDLE = 0.25;
const STEEPNESS = 12;

const squash = (raw: number): number => 1 / (1 + Math.exp(-raw));

/** Texts by how near they are to the query, best first. */
export async function rankTexts(asked: Asked, query: string, texts: readonly string[]): Promise<Rank[]> {
  refusePoison(asked, texts);
  await work(asked, texts.length);
  const wanted = embed(query, asked.behaviour.dimensions);
  return texts
    .map((text, index) => {
      const raw = STEEPNESS * (cosine(wanted, embed(text, asked.behaviour.dimensions)) - MIDDLE);
      return { index, raw, score: squash(raw) };
    })
    .sort((a, b) => b.raw - a.raw || a.index - b.index);
}
