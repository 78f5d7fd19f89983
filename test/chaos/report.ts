import { PROMISES, type Promised, type Violation } from './check/violation.ts';
import type { Ledger } from './ledger.ts';

const LABEL_WIDTH = 24;
const SHOWN_VIOLATIONS = 40;

const row = (label: string, value: string | number): string => `  ${label.padEnd(LABEL_WIDTH)} ${value}`;
const counts = (record: Readonly<Record<string, number>>): string =>
  Object.entries(record)
    .map(([name, count]) => `${name} ${count}`)
    .join(' · ') || 'none';
const seconds = (ms: number): string => (Number.isNaN(ms) ? '–' : `${(ms / 1000).toFixed(2)} s`);

/** The ledger as a table for people. */
export function table(ledger: Ledger, title: string): string {
  const { events, dead_letters, provider, recovery } = ledger;
  const broken = Object.values(ledger.violations).reduce((sum, count) => sum + count, 0);
  return [
    title,
    '',
    row('attempted', ledger.attempted),
    row('accepted', ledger.accepted),
    row('refused', ledger.refused),
    row('answer lost', ledger.unknown),
    row('ended', counts(ledger.ended)),
    row('replayed', ledger.replayed),
    row('events', `stored ${events.stored} · seen ${events.seen} over ${events.connections} subscriptions`),
    row('dead letters', `expected ${dead_letters.expected} · unexpected ${dead_letters.unexpected}`),
    row('provider', `${provider.requests} requests`),
    row('  tokens', `${provider.tokens}, wasted ${share(provider.tokens_wasted, provider.tokens)}`),
    row('  texts embedded', `${provider.texts}, wasted ${share(provider.texts_wasted, provider.texts)}`),
    '',
    'Recovery                     times   p50      max',
    ...Object.entries(recovery).map(
      ([name, { times, p50_ms, max_ms }]) =>
        `  ${name.padEnd(LABEL_WIDTH)} ${String(times).padStart(6)}   ${seconds(p50_ms).padEnd(8)} ${seconds(max_ms)}`,
    ),
    '',
    `Promises broken${' '.repeat(LABEL_WIDTH - 12)}${broken}`,
    ...Object.entries(ledger.violations).map(([promise, count]) => row(promise, count)),
  ].join('\n');
}

const share = (part: number, whole: number): string =>
  `${part}${whole > 0 ? ` (${((100 * part) / whole).toFixed(1)} %)` : ''}`;

/** Each broken promise in words, the first of them when there are many. */
export function broken(violations: readonly Violation[]): string {
  const lines = violations
    .slice(0, SHOWN_VIOLATIONS)
    .map(({ promise, subject, what }) => `  ${promise}: ${subject}: ${what}`);
  const kinds = [...new Set(violations.map(({ promise }) => promise))] as Promised[];
  return [
    ...lines,
    ...(violations.length > SHOWN_VIOLATIONS ? [`  … and ${violations.length - SHOWN_VIOLATIONS} more`] : []),
    '',
    ...kinds.map((promise) => `  ${promise}: ${PROMISES[promise]}`),
  ].join('\n');
}
