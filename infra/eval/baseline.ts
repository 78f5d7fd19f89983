import { readFile } from 'node:fs/promises';
import { UsageError } from '../cli/errors.ts';
import { differences, Report } from './report.ts';
import { type Estimate, isDrop } from './scoring/bootstrap.ts';
import { MEASURES, type Measures } from './scoring/measures.ts';
import { MODES, type Mode } from './searches.ts';

/** A mode now against the same mode in an earlier run. */
export interface Change extends Readonly<Record<keyof Measures, Estimate>> {
  readonly mode: Mode;
  /** Questions that both runs asked. */
  readonly questions: number;
}

/** Reads the JSON of an earlier run. @throws {UsageError} when it is none, or was measured at another k */
export async function readBaseline(file: string, k: number): Promise<Report> {
  const report = await readReport(file);
  if (report.k !== k) throw new UsageError(`the baseline was measured at k = ${report.k}, this run is at ${k}`);
  return report;
}

async function readReport(file: string): Promise<Report> {
  try {
    return Report.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const because = (error as NodeJS.ErrnoException).code === 'ENOENT' ? ': there is no such file' : '';
    throw new UsageError(`${file} is no report of an earlier run${because}`, { cause: error });
  }
}

/** Compares question by question, in every mode that both runs have. @throws {UsageError} when they share nothing */
export function changesSince(before: Report, now: Report): Change[] {
  const changes = MODES.flatMap((mode) => changeOf(mode, before, now) ?? []);
  if (changes.length === 0) throw new UsageError('the baseline has no mode and question in common with this run');
  return changes;
}

function changeOf(mode: Mode, before: Report, now: Report): Change | undefined {
  const old = before.modes[mode]?.by_question ?? {};
  const shared = Object.entries(now.modes[mode]?.by_question ?? {}).flatMap(([question, score]) => {
    const earlier = old[question];
    return earlier === undefined ? [] : [{ score, earlier }];
  });
  if (shared.length === 0) return undefined;
  const change = differences(
    shared.map(({ score }) => score),
    shared.map(({ earlier }) => earlier),
  );
  return { mode, questions: shared.length, ...change };
}

/** What got worse beyond chance, as `hybrid recall`. */
export const dropsIn = (changes: readonly Change[]): string[] =>
  changes.flatMap((change) =>
    MEASURES.filter((measure) => isDrop(change[measure])).map((measure) => `${change.mode} ${measure}`),
  );
