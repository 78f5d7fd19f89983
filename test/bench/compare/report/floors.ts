import type { Figures } from '../phases/phase.ts';
import type { Figure } from './figures.ts';
import { markdown } from './markdown.ts';
import type { Results } from './results.ts';
import { inWords, short } from './spread.ts';

const SYSTEM = 'Warren';

const FIGURES: readonly Figure[] = [
  { key: 'koa.1.p50', label: 'Koa alone, 1 client, p50', unit: 'ms' },
  { key: 'koa.32.rate', label: 'Koa alone, 32 clients', unit: 'requests/s' },
  { key: 'koa.32.cpu', label: 'Koa alone, 32 clients, CPU', unit: 'µs' },
  { key: 'ws.1.p50', label: 'ws alone, 1 client, p50', unit: 'ms' },
  { key: 'ws.16.rate', label: 'ws alone, 16 clients', unit: 'frames/s' },
  { key: 'ws.16.cpu', label: 'ws alone, 16 clients, CPU', unit: 'µs' },
  { key: 'publish.1.p50', label: 'confirmed publish, one at a time, p50', unit: 'ms' },
  { key: 'publish.100.rate', label: 'confirmed publish, 100 under way', unit: 'messages/s' },
  { key: 'publish.100.cpu', label: 'confirmed publish, 100 under way, CPU', unit: 'µs' },
  { key: 'consume.rate', label: 'consume and ack, prefetch 250', unit: 'messages/s' },
  { key: 'consume.cpu', label: 'consume and ack, prefetch 250, CPU', unit: 'µs' },
  { key: 'rows.1.p50', label: 'one row a transaction, p50', unit: 'ms' },
  { key: 'rows.100.rate', label: 'rows in transactions of 100', unit: 'rows/s' },
  { key: 'rows.100.cpu', label: 'rows in transactions of 100, CPU', unit: 'µs' },
];

/** The least that a durable job can cost: what follows is its way from the client to a worker and back. */
interface Least {
  readonly what: string;
  readonly key: string;
  readonly unit: string;
  readonly floor: string;
  of(floors: Figures): number;
}

const sum = (figures: Figures, ...keys: readonly string[]): number =>
  keys.reduce((all, key) => all + (figures[key] ?? Number.NaN), 0);

const LEAST: readonly Least[] = [
  {
    what: 'submit/s, 32 clients',
    key: 'submit.32.rate',
    unit: 'jobs/s',
    floor: 'Koa alone',
    of: (floors) => sum(floors, 'koa.32.rate'),
  },
  {
    what: 'submit p50, 1 client',
    key: 'submit.1.p50',
    unit: 'ms',
    floor: 'Koa and one confirmed publish',
    of: (floors) => sum(floors, 'koa.1.p50', 'publish.1.p50'),
  },
  {
    what: 'end to end p50 with push, 1 client',
    key: 'push.1.p50',
    unit: 'ms',
    floor: 'ws, two confirmed publishes, two rows',
    of: (floors) => sum(floors, 'ws.1.p50', 'publish.1.p50', 'publish.1.p50', 'rows.1.p50', 'rows.1.p50'),
  },
  {
    what: 'drain/s, one worker',
    key: 'drain.1.rate',
    unit: 'jobs/s',
    floor: 'consume and ack',
    of: (floors) => sum(floors, 'consume.rate'),
  },
  {
    what: 'burst, CPU per job',
    key: 'burst.cpu',
    unit: 'µs',
    floor: 'Koa, two publishes, two consumes, two rows, ws',
    of: (floors) =>
      sum(floors, 'koa.32.cpu', 'ws.16.cpu') + 2 * sum(floors, 'publish.100.cpu', 'consume.cpu', 'rows.100.cpu'),
  },
];

export function floorsTable(results: Results, name: string): string {
  return markdown(
    ['step alone', 'unit', 'measured'],
    FIGURES.map(({ key, label, unit }) => [label, unit, inWords(results.of(name, key))]),
  );
}

/** How near Warren comes to the steps that it cannot do without. */
export function leastTable(results: Results, name: string): string {
  const medians: Figures = Object.fromEntries(
    results.keys(name).flatMap((key) => {
      const spread = results.of(name, key);
      return spread === undefined ? [] : [[key, spread.median]];
    }),
  );
  const rows = LEAST.flatMap(({ what, key, unit, floor, of }) => {
    const spread = results.of(SYSTEM, key);
    const least = of(medians);
    if (spread === undefined || Number.isNaN(least)) return [];
    return [[what, unit, inWords(spread), `${short(least)} (${floor})`, `${short(spread.median / least)}×`]];
  });
  return markdown(['', 'unit', SYSTEM, 'steps alone', 'ratio'], rows);
}
