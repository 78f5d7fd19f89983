import { z } from 'zod';
import type { ScoredAnswer } from './asks.ts';
import { bootstrapMean, pairedDifference } from './scoring/bootstrap.ts';
import { MEASURES } from './scoring/measures.ts';
import { quantile } from './scoring/quantile.ts';
import { MODES, type Mode, type SearchScore } from './searches.ts';

const Estimate = z.object({ mean: z.number(), low: z.number(), high: z.number() });
const Estimates = z.object({ recall: Estimate, mrr: Estimate, ndcg: Estimate });

const ModeReport = Estimates.extend({
  latency_ms: z.object({ p50: z.number(), p99: z.number() }),
  /** What each question scored: with it a later run is compared question by question. */
  by_question: z.record(z.string(), z.object({ recall: z.number(), mrr: z.number(), ndcg: z.number() })),
});
type ModeReport = z.infer<typeof ModeReport>;

const AnswersReport = z.object({
  model: z.string(),
  found: Estimate,
  hit: Estimate,
  first: Estimate,
  /** Over the answers that cite something; absent when none does. */
  precision: Estimate.optional(),
  /** Says that it was not found when the relevant documents are left out. */
  withheld: Estimate.optional(),
});

/** What a run found: printed as a table, and as JSON it is the baseline of later runs. */
export const Report = z.object({
  version: z.literal(1),
  at: z.string(),
  collection: z.string(),
  embedding_model: z.string(),
  k: z.int(),
  corpus: z.object({ sha256: z.string(), documents: z.int(), passages: z.int() }),
  questions: z.int(),
  modes: z.partialRecord(z.enum(MODES), ModeReport),
  /** The first mode against each other one, question by question. */
  differences: z.array(Estimates.extend({ modes: z.tuple([z.enum(MODES), z.enum(MODES)]) })),
  answers: AnswersReport.optional(),
});
export type Report = z.infer<typeof Report>;

/** What was measured, before anything is made of it. */
export interface Measured extends Omit<Report, 'version' | 'at' | 'questions' | 'modes' | 'differences' | 'answers'> {
  /** In the order in which modes were asked for; each has the same questions in the same order. */
  readonly searches: ReadonlyMap<Mode, readonly SearchScore[]>;
  readonly answers?: { readonly model: string; readonly scores: readonly ScoredAnswer[] } | undefined;
}

export function reportOf({ searches, answers, ...facts }: Measured, at = new Date()): Report {
  const [first, ...others] = searches.keys();
  const scoresOf = (mode: Mode) => searches.get(mode) ?? [];
  return {
    version: 1,
    at: at.toISOString(),
    ...facts,
    questions: first === undefined ? 0 : scoresOf(first).length,
    modes: Object.fromEntries([...searches].map(([mode, scores]) => [mode, modeReport(scores)])),
    differences:
      first === undefined
        ? []
        : others.map((other) => ({ modes: [first, other], ...differences(scoresOf(first), scoresOf(other)) })),
    ...(answers !== undefined && { answers: answersReport(answers.model, answers.scores) }),
  };
}

type MeasureValues = Readonly<Record<(typeof MEASURES)[number], number>>;

/** Of each measure. */
const each = <T>(make: (measure: (typeof MEASURES)[number]) => T) =>
  Object.fromEntries(MEASURES.map((measure) => [measure, make(measure)])) as Record<(typeof MEASURES)[number], T>;

/** How much better the first scores are than the others, in each measure. */
export const differences = (after: readonly MeasureValues[], before: readonly MeasureValues[]) =>
  each((measure) =>
    pairedDifference(
      after.map((score) => score[measure]),
      before.map((score) => score[measure]),
    ),
  );

function modeReport(scores: readonly SearchScore[]): ModeReport {
  const waits = scores.map(({ ms }) => ms);
  return {
    ...each((measure) => bootstrapMean(scores.map((score) => score[measure]))),
    latency_ms: { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) },
    by_question: Object.fromEntries(scores.map((score) => [score.question, each((measure) => score[measure])])),
  };
}

function answersReport(model: string, scores: readonly ScoredAnswer[]): NonNullable<Report['answers']> {
  const share = (of: 'found' | 'hit' | 'first' | 'withheld') => bootstrapMean(scores.map((score) => Number(score[of])));
  const precisions = scores.flatMap(({ precision }) => precision ?? []);
  return {
    model,
    found: share('found'),
    hit: share('hit'),
    first: share('first'),
    withheld: share('withheld'),
    ...(precisions.length > 0 && { precision: bootstrapMean(precisions) }),
  };
}
