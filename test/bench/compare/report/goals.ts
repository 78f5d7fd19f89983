import { markdown } from './markdown.ts';
import type { Results } from './results.ts';
import { inWords } from './spread.ts';

/** A ratio of Warren's figure to another system's that it is to reach; without one, a bound on the figure itself. */
interface Goal {
  readonly what: string;
  readonly key: string;
  readonly against?: string;
  /** Of the other system, where it is not the same. */
  readonly otherKey?: string;
  readonly bound: readonly ['≥' | '≤', number];
  readonly unit?: string;
}

const WARREN = 'Warren';
const CELERY = 'FastAPI + Celery';
const BULLMQ = 'Koa + BullMQ';

const GOALS: readonly Goal[] = [
  { what: 'submit/s, 32 clients', key: 'submit.32.rate', against: CELERY, bound: ['≥', 5] },
  { what: 'submit/s, 32 clients', key: 'submit.32.rate', against: BULLMQ, bound: ['≥', 1.1] },
  { what: 'submit p99, 32 clients', key: 'submit.32.p99', against: CELERY, bound: ['≤', 0.15] },
  { what: 'submit p99, 32 clients', key: 'submit.32.p99', against: BULLMQ, bound: ['≤', 0.8] },
  {
    what: 'end to end p50, 1 client, push against polling',
    key: 'push.1.p50',
    against: CELERY,
    otherKey: 'poll.1.p50',
    bound: ['≤', 0.4],
  },
  { what: 'end to end p50 with push, 1 client', key: 'push.1.p50', against: BULLMQ, bound: ['≤', 1.8] },
  { what: 'end to end p50 with push, 16 clients', key: 'push.16.p50', against: BULLMQ, bound: ['≤', 1] },
  { what: 'drain/s, one worker', key: 'drain.1.rate', against: CELERY, bound: ['≥', 12] },
  { what: 'drain/s, one worker', key: 'drain.1.rate', against: BULLMQ, bound: ['≥', 1.4] },
  { what: 'burst, last job done', key: 'burst.last', against: CELERY, bound: ['≤', 0.25] },
  { what: 'burst, last job done', key: 'burst.last', against: BULLMQ, bound: ['≤', 1] },
  { what: 'burst, CPU per job', key: 'burst.cpu', against: CELERY, bound: ['≤', 0.25] },
  { what: 'burst, CPU per job', key: 'burst.cpu', against: BULLMQ, bound: ['≤', 1] },
  { what: 'worker memory', key: 'memory.worker', against: CELERY, bound: ['≤', 0.7] },
  { what: 'worker memory', key: 'memory.worker', against: BULLMQ, bound: ['≤', 1] },
  { what: 'idle CPU of all processes', key: 'idle.cpu', bound: ['≤', 1], unit: '% of a core' },
];

/** Which goals Warren has reached. */
export function goalsTable(results: Results): string {
  const rows = GOALS.map(({ what, key, against, otherKey, bound: [relation, bound], unit }) => {
    const spread = against === undefined ? results.of(WARREN, key) : results.ratio(WARREN, against, key, otherKey);
    const reached = spread && (relation === '≥' ? spread.median >= bound : spread.median <= bound);
    const mark = reached === undefined ? 'not measured' : reached ? 'reached' : 'not reached';
    const suffix = unit === undefined ? '×' : ` ${unit}`;
    return [what, against ?? '', `${relation} ${bound}${suffix}`, inWords(spread, unit === undefined ? '×' : ''), mark];
  });
  return markdown(['goal', 'against', 'wanted', 'measured', ''], rows);
}
