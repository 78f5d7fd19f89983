import { PARTS, type Part } from './parts.ts';
import type { Counts } from './run-mocha.ts';

export interface VersionReport {
  readonly wanted: string;
  readonly seconds: number;
  /** What was run and how it went, or why the version is not to be had. */
  readonly outcome:
    | { readonly version: string; readonly parts: ReadonlyMap<Part, Counts | undefined> }
    | { readonly missing: string };
}

const cell = (counts: Counts | undefined): string => {
  if (counts === undefined) return 'broke off';
  const { passed, failed, skipped } = counts;
  return [`${passed} passed`, failed > 0 && `${failed} FAILED`, skipped > 0 && `${skipped} skipped`]
    .filter(Boolean)
    .join(', ');
};

const isGood = (counts: Counts | undefined): boolean => counts?.failed === 0 && counts.passed + counts.skipped > 0;

/** Versions that are not to be had fail nothing, unless none is. */
export function allGood(reports: readonly VersionReport[]): boolean {
  const run = reports.flatMap(({ outcome }) => ('parts' in outcome ? [...outcome.parts.values()] : []));
  return run.length > 0 && run.every(isGood);
}

export function reportTable(reports: readonly VersionReport[], parts: readonly Part[] = PARTS): string {
  const chosen = (name: string) => parts.some((part) => part.name === name);
  const header = ['RabbitMQ', ...PARTS.filter(({ name }) => chosen(name)).map(({ name }) => name), 'seconds'];
  const rows = reports.map(({ wanted, seconds, outcome }) => {
    if ('missing' in outcome) return [wanted, `skipped: ${outcome.missing}`];
    return [outcome.version, ...[...outcome.parts.values()].map(cell), String(Math.round(seconds))];
  });
  const widths = header.map((title, n) =>
    Math.max(title.length, ...rows.filter((row) => row.length === header.length).map((row) => row[n]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, n) => text.padEnd(widths[n] ?? 0))
      .join('   ')
      .trimEnd();
  return [header, ...rows].map(line).join('\n');
}
