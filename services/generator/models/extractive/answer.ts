import type { Passage } from '../../../../shared/messages/retrieval.ts';
import { type Sentence, sentences } from './sentences.ts';
import { questionTerms, terms } from './terms.ts';

/** A sentence of an answer and the number of the passage it stands in, from 1. */
export interface Quote {
  readonly n: number;
  readonly text: string;
}

interface Candidate extends Sentence {
  readonly n: number;
  readonly terms: ReadonlySet<string>;
  readonly passage: Passage;
  /** Terms of the title and headings above it. */
  readonly context: ReadonlySet<string>;
}

interface Scored extends Candidate {
  readonly score: number;
  /** Share of the question that the sentence and what stands above it speak of, rare words counting more. */
  readonly coverage: number;
}

const FEWEST_QUOTES = 3;
const MOST_QUOTES = 5;
const MOST_A_PASSAGE = 2;
/** More than the fewest only while they are this good, as a share of the best. */
const EXTRA_SHARE = 0.7;
/** None that is worse than this share of the best. */
const WORST_SHARE = 0.45;

const WEIGHTS = { coverage: 0.5, relevance: 0.4, position: 0.1 } as const;
/** A term in the headings above a sentence, against one in the sentence. */
const CONTEXT_WEIGHT = 0.6;
/** A question in a document repeats what was asked; it does not answer it. So does a line that only leads to the next. */
const NO_ANSWER = /[?:]["')\]]*$/;
const NO_ANSWER_FACTOR = 0.5;
/** Cosine similarities between unrelated and clearly related texts, for the models in use. */
const UNRELATED = 0.15;
const RELATED = 0.6;
/** Two sentences that share this much of their words say the same. */
const SAME = 0.7;

const FLOOR = { similarity: 0.4, similarityWithWords: 0.25, coverage: 0.5 } as const;

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

const relevance = ({ similarity, score }: Passage): number =>
  similarity === undefined ? clamp(score) : clamp((similarity - UNRELATED) / (RELATED - UNRELATED));

const candidatesOf = (passage: Passage, index: number): Candidate[] => {
  const context = terms(`${passage.title} ${passage.heading}`);
  return sentences(passage.text).map((sentence) => ({
    ...sentence,
    n: index + 1,
    terms: terms(sentence.text),
    passage,
    context,
  }));
};

/** How much each term of the question tells sentences apart. */
function weights(question: ReadonlySet<string>, all: readonly Candidate[]): Map<string, number> {
  const weight = (term: string): number => {
    const holding = all.filter((each) => each.terms.has(term)).length;
    return Math.log(1 + (all.length - holding + 0.5) / (holding + 0.5));
  };
  return new Map([...question].map((term) => [term, weight(term)]));
}

function coverage(candidate: Candidate, question: ReadonlyMap<string, number>): number {
  let covered = 0;
  let whole = 0;
  for (const [term, weight] of question) {
    whole += weight;
    if (candidate.terms.has(term)) covered += weight;
    else if (candidate.context.has(term)) covered += weight * CONTEXT_WEIGHT;
  }
  return whole === 0 ? 0 : covered / whole;
}

function scored(candidate: Candidate, question: ReadonlyMap<string, number>): Scored {
  const share = coverage(candidate, question);
  const sum =
    WEIGHTS.coverage * share +
    WEIGHTS.relevance * relevance(candidate.passage) +
    WEIGHTS.position / (1 + candidate.position);
  return { ...candidate, coverage: share, score: NO_ANSWER.test(candidate.text) ? sum * NO_ANSWER_FACTOR : sum };
}

/** Whether a sentence may answer at all: its passage is near the question, or it speaks of most of it. */
function answers({ passage: { similarity }, coverage }: Scored): boolean {
  if (similarity === undefined) return coverage >= FLOOR.coverage;
  if (similarity >= FLOOR.similarity) return true;
  return similarity >= FLOOR.similarityWithWords && coverage >= FLOOR.coverage;
}

function saysTheSame(a: Candidate, b: Candidate): boolean {
  const shared = [...a.terms].filter((term) => b.terms.has(term)).length;
  return shared / Math.max(1, Math.min(a.terms.size, b.terms.size)) >= SAME;
}

function choose(ranked: readonly Scored[]): Scored[] {
  const best = ranked[0]?.score ?? 0;
  const chosen: Scored[] = [];
  for (const each of ranked) {
    const share = chosen.length < FEWEST_QUOTES ? WORST_SHARE : EXTRA_SHARE;
    if (chosen.length === MOST_QUOTES || each.score < best * share) break;
    const ofPassage = chosen.filter(({ n }) => n === each.n).length;
    if (ofPassage < MOST_A_PASSAGE && !chosen.some((other) => saysTheSame(each, other))) chosen.push(each);
  }
  return chosen;
}

/**
 * The sentences of the passages that answer a question best, in the order of the sources, each to the letter. Empty when
 * the passages hold no answer. Passages come best first, as citations number them.
 */
export function quotes(question: string, passages: readonly Passage[]): Quote[] {
  const all = passages.flatMap(candidatesOf);
  const weighted = weights(questionTerms(question), all);
  const ranked = all
    .map((candidate) => scored(candidate, weighted))
    .filter(answers)
    .sort((a, b) => b.score - a.score);
  return choose(ranked)
    .sort((a, b) => a.n - b.n || a.position - b.position)
    .map(({ n, text }) => ({ n, text }));
}
