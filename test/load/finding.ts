/** Something measured, and whether it is as it should be. */
export interface Finding {
  readonly what: string;
  readonly value: string;
  /** What it should be; without it the value is only told. */
  readonly bound?: string;
  readonly ok: boolean;
}

export const told = (what: string, value: string): Finding => ({ what, value, ok: true });

export const atMost = (what: string, value: number, most: number, unit = ''): Finding => ({
  what,
  value: `${round(value)}${unit}`,
  bound: `≤ ${most}${unit}`,
  ok: value <= most,
});

export const exactly = (what: string, value: number, wanted: number): Finding => ({
  what,
  value: String(value),
  bound: `= ${wanted}`,
  ok: value === wanted,
});

const round = (value: number): string => (Math.abs(value) < 100 ? value.toFixed(1) : value.toFixed(0));

/** As a table for people. */
export function table(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, value, bound = '', ok }) => [ok ? ' ' : '✗', what, value, bound]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}
