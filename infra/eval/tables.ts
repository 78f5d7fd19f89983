import { table } from '../cli/text.ts';
import type { Change } from './baseline.ts';
import type { Report } from './report.ts';
import { type Estimate, isSignificant } from './scoring/bootstrap.ts';
import { MEASURES } from './scoring/measures.ts';
import { MODES } from './searches.ts';

const DIGITS = 3;

/** As `.904`, `1.000`. */
const share = (value: number): string => value.toFixed(DIGITS).replace(/^0\./, '.');
const signed = (value: number): string =>
  `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(DIGITS).replace(/^0\./, '.')}`;

const estimate = ({ mean, low, high }: Estimate): string => `${share(mean)} [${share(low)} ${share(high)}]`;
const change = (of: Estimate): string =>
  `${signed(of.mean)} [${signed(of.low)} ${signed(of.high)}]${isSignificant(of) ? ' *' : ''}`;
const milliseconds = (ms: number): string => `${ms.toFixed(0)} ms`;

const head = (k: number) => [`recall@${k}`, `MRR@${k}`, `nDCG@${k}`];

/** The whole report for a terminal, line by line. */
export function* tables(report: Report, changes: readonly Change[] = []): Generator<string> {
  const { k, corpus, collection, embedding_model, questions } = report;
  yield `${corpus.documents} documents, ${corpus.passages} passages in "${collection}" (${embedding_model}), ${questions} questions`;
  yield '';
  yield* table(
    ['mode', ...head(k), 'p50', 'p99'],
    MODES.flatMap((mode) => modeRow(mode, report)),
  );
  if (report.differences.length > 0) {
    yield '';
    yield* table(
      ['difference', ...head(k)],
      report.differences.map((row) => [row.modes.join(' - '), ...MEASURES.map((measure) => change(row[measure]))]),
    );
  }
  if (changes.length > 0) {
    yield '';
    yield* table(
      ['since baseline', ...head(k), 'questions'],
      changes.map((row) => [row.mode, ...MEASURES.map((measure) => change(row[measure])), String(row.questions)]),
    );
  }
  if (report.answers !== undefined) yield* answers(report.answers);
  yield '';
  yield 'In brackets: 95 % intervals by bootstrap over the questions. * the interval does not hold 0.';
}

function modeRow(mode: (typeof MODES)[number], { modes }: Report): string[][] {
  const found = modes[mode];
  if (found === undefined) return [];
  const { p50, p99 } = found.latency_ms;
  return [[mode, ...MEASURES.map((measure) => estimate(found[measure])), milliseconds(p50), milliseconds(p99)]];
}

function* answers({
  model,
  found,
  hit,
  first,
  precision,
  withheld,
}: NonNullable<Report['answers']>): Generator<string> {
  const notFound = { mean: 1 - found.mean, low: 1 - found.high, high: 1 - found.low };
  yield '';
  yield* table(
    [`answers of ${model}`, ''],
    [
      ['cite a right document', estimate(hit)],
      ['cite a right document first', estimate(first)],
      ...(precision === undefined ? [] : [['right among the cited', estimate(precision)]]),
      ['"not found"', estimate(notFound)],
      ...(withheld === undefined ? [] : [['"not found" without the right documents', estimate(withheld)]]),
    ],
  );
}
