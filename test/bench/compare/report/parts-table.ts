import { markdown } from './markdown.ts';
import type { Results } from './results.ts';
import { inWords } from './spread.ts';

/** Figures that are told apart by the parts of a system, and in what. */
const KEYS = [
  ['submit.32.cpu', 'submit, 32 clients', 'µs/job'],
  ['submit.256.cpu', 'submit, 256 clients', 'µs/job'],
  ['push.16.cpu', 'end to end with push, 16 clients', 'µs/job'],
  ['drain.1.cpu', 'drain, one worker', 'µs/job'],
  ['burst.cpu', 'burst', 'µs/job'],
  ['idle.cpu', 'idle', '% of a core'],
  ['idle.memory', 'idle, memory', 'MB'],
] as const;

/** Where the CPU time and the memory of a system go, a part a column. */
export function partsTable(results: Results, system: string): string {
  const parts = [
    ...new Set(
      KEYS.flatMap(([key]) =>
        results.keys(system).flatMap((each) => (each.startsWith(`${key}.`) ? [each.slice(key.length + 1)] : [])),
      ),
    ),
  ];
  const rows = KEYS.filter(([key]) => results.of(system, key) !== undefined).map(([key, label, unit]) => [
    label,
    unit,
    ...parts.map((part) => inWords(results.of(system, `${key}.${part}`))),
  ]);
  return markdown([system, 'unit', ...parts], rows);
}
