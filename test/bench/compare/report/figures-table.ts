import { FIGURES } from './figures.ts';
import { markdown } from './markdown.ts';
import type { Results } from './results.ts';
import { inWords } from './spread.ts';

/** All figures, a system a column: the median of the rounds, with least and most. */
export function figuresTable(results: Results, systems: readonly string[]): string {
  const rows = FIGURES.map(({ key, label, unit }) => [
    label,
    unit,
    ...systems.map((system) => inWords(results.of(system, key))),
  ]).filter(([, , ...cells]) => cells.some((cell) => cell !== '–'));
  return markdown(['', 'unit', ...systems], rows);
}
