import type { Passage } from '../../../../shared/messages/retrieval.ts';
import { type Sentence, sentences } from './sentences.ts';
import { questionTerms, terms } from './terms.ts';

/** A sentence of an answer and the number of the passage it stands in, from 1. */
export interface Quote {
  readonly n: number;
  readonly text: string;
}

/** What a sentence or a passage speaks of. */
interface About {
  readonly terms: ReadonlySet<string>;
  /** Terms of the title and headings above it. */
  readonly context: ReadonlySet<string>;
}

interface Candidate extends Sentence, About {
  readonly n: number;
  readonly passage: Passage;
}

interface Scored extends Candidate {
  readonly score: number;
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

/**
 * Near enough by meaning alone, or by meaning and words. Texts about other things lie below 0.25, most answers above
 * 0.42; to quote beside the point does less harm than to hide what is there.
 */
const FLOORS = [
  { similarity: 0.42, coverage: 0 },
  { similarity: 0.3, coverage: 0.35 },
] as const;
/**
 * In a collection that speaks of nothing else, what is beside the point is near as well. So the nearest passage must be
 * near in itself, or stand out against the tenth. Measured: see docs/retrieval.md.
 */
const NEAR = 0.55;
const STANDS_OUT = 0.09;

/** By words alone, when no vectors were compared. */
const COVERAGE_ALONE = 0.5;

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

const relevance = ({ similarity, score }: Passage): number =>
  similarity === undefined ? clamp(score) : clamp((similarity - UNRELATED) / (RELATED - UNRELATED));

const contextOf = ({ title, heading }: Passage): Set<string> => terms(`${title} ${heading}`);

const candidatesOf = (passage: Passage, index: number): Candidate[] => {
  const context = contextOf(passage);
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

/** Share of the question that a text and the headings above it speak of, rare words counting more. */
function coverage({ terms, context }: About, question: ReadonlyMap<string, number>): number {
  let covered = 0;
  let whole = 0;
  for (const [term, weight] of question) {
    whole += weight;
    if (terms.has(term)) covered += weight;
    else if (context.has(term)) covered += weight * CONTEXT_WEIGHT;
  }
  return whole === 0 ? 0 : covered / whole;
}

function scored(candidate: Candidate, question: ReadonlyMap<string, number>): Scored {
  const sum =
    WEIGHTS.coverage * coverage(candidate, question) +
    WEIGHTS.relevance * relevance(candidate.passage) +
    WEIGHTS.position / (1 + candidate.position);
  return { ...candidate, score: NO_ANSWER.test(candidate.text) ? sum * NO_ANSWER_FACTOR : sum };
}

/** Whether a passage may hold the answer at all: it is near the question, or fairly near and speaks of it. */
function mayAnswer(passage: Passage, question: ReadonlyMap<string, number>): boolean {
  const share = coverage({ terms: terms(passage.text), context: contextOf(passage) }, question);
  const { similarity } = passage;
  if (similarity === undefined) return share >= COVERAGE_ALONE;
  return FLOORS.some((floor) => similarity >= floor.similarity && share >= floor.coverage);
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

/** Whether the passages stand out against what lies around them; where nobody has looked around, they do. */
function standOut(passages: readonly Passage[], background: number | undefined): boolean {
  const nearest = Math.max(...passages.map(({ similarity }) => similarity ?? 1));
  return background === undefined || nearest >= NEAR || nearest - background >= STANDS_OUT;
}

/**
 * The sentences of the passages that answer a question best, in the order of the sources, each to the letter. Empty when
 * the passages hold no answer. Passages come best first, as citations number them. `background`: the similarity of
 * passages that are around the answer rather than in it.
 */
export function quotes(question: string, passages: readonly Passage[], background?: number): Quote[] {
  if (!standOut(passages, background)) return [];
  const all = passages.flatMap(candidatesOf);
  const weighted = weights(questionTerms(question), all);
  const sources = new Set(passages.filter((passage) => mayAnswer(passage, weighted)));
  const ranked = all
    .filter(({ passage }) => sources.has(passage))
    .map((candidate) => scored(candidate, weighted))
    .sort((a, b) => b.score - a.score);
  return choose(ranked)
    .sort((a, b) => a.n - b.n || a.position - b.position)
    .map(({ n, text }) => ({ n, text }));
}
