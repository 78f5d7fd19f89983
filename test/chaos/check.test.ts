import { expect } from 'chai';
import { check } from './check/check.ts';
import { PROMISES, type Promised } from './check/violation.ts';
import type { History, StoredDocument, StoredEvent, StoredJob, Stream } from './history.ts';
import { ledgerOf } from './ledger.ts';
import { seen } from './recorder.ts';

const EVENTS = ['job.queued', 'job.started', 'output.delta', 'output.delta', 'job.succeeded'] as const;
const DATA: Readonly<Record<number, Record<string, unknown>>> = {
  3: { run: 'r', offset: 0, text: 'Rabbits ' },
  4: { run: 'r', offset: 8, text: 'dig.' },
};

const event = (seq: number, name: string, data = DATA[seq] ?? {}): StoredEvent => ({
  ...seen({ seq, event: name, at: 'then', data }),
  data,
});
const events = EVENTS.map((name, index) => event(index + 1, name));

const job = (more: Partial<StoredJob> = {}): StoredJob => ({
  id: 'job_1',
  type: 'generate',
  status: 'succeeded',
  tags: ['op-1'],
  lastSeq: EVENTS.length,
  result: { text: 'Rabbits dig.' },
  events,
  ...more,
});

const document: StoredDocument = {
  collection: 'books',
  id: 'title-1',
  revision: 'job_2',
  status: 'searchable',
  total: 40,
  passages: 40,
  failedPassages: 0,
  places: 40,
  vectors: 40,
};

const stream = (after: number, numbers: readonly number[], more: Partial<Stream> = {}): Stream => ({
  client: 'socket-1',
  job: 'job_1',
  after,
  openedAt: 0,
  seen: numbers.flatMap((seq) => events.filter((each) => each.seq === seq)),
  ...more,
});

const accepted = (op: string, id: string): History['attempts'][number] => ({
  op,
  client: 'http-1',
  via: 'http',
  key: `key-${op}`,
  sentAt: 0,
  answeredAt: 1,
  outcome: { is: 'accepted', job: id },
});

const fault = { what: 'kill', nemeses: ['kill'], targets: ['embedder-1'], struckAt: 0, healedAt: 1000 };

/** A run in which all went well. */
const CLEAN: History = {
  excuses: new Map([['op-1', []]]),
  attempts: [accepted('op-1', 'job_1'), accepted('op-1', 'job_1')],
  streams: [stream(0, [1, 2, 3]), stream(3, [4, 5], { lastSeq: 3 })],
  rereads: [{ client: 'socket-1', job: 'job_1', seq: 3, lastSeq: 3 }],
  undisturbedMs: [300],
  faults: [{ ...fault, recoveredAt: 1500 }],
  jobs: [job()],
  documents: [document],
  deadLetters: [],
  leftovers: new Map(),
  provider: { requests: 2, tokens: 30, texts: 50 },
  crashes: [],
};

/** For each promise, histories that break it and nothing else. */
const BROKEN: Readonly<Record<Promised, readonly Partial<History>[]>> = {
  lost: [{ attempts: [...CLEAN.attempts, accepted('op-2', 'job_2')] }],
  stuck: [{ jobs: [job({ status: 'running' })] }, { jobs: [job({ status: 'scheduled' })] }],
  'accepted twice': [
    { attempts: [accepted('op-1', 'job_1'), accepted('op-1', 'job_2')], jobs: [job(), job({ id: 'job_2' })] },
    { jobs: [job(), job({ id: 'job_2' })] },
  ],
  'ended twice': [{ jobs: [job({ events: [...events, event(6, 'job.failed')], lastSeq: 6 })] }],
  'ended wrongly': [
    { jobs: [job({ status: 'failed', error: { code: 'internal', message: 'lost its way' } })] },
    { jobs: [job({ status: 'cancelled' })] },
    {
      jobs: [job({ status: 'failed', error: { code: 'attempts_exhausted', message: '' } })],
      excuses: new Map([['op-1', ['doomed', 'deadline', 'cancelled']]]),
    },
  ],
  'effect doubled': [{ documents: [{ ...document, places: 39 }] }, { documents: [{ ...document, vectors: 41 }] }],
  'effect missing': [
    { documents: [{ ...document, vectors: 8 }] },
    { documents: [{ ...document, passages: 8, places: 8, vectors: 8, failedPassages: 32 }] },
    { documents: [{ ...document, status: 'partial' }] },
    {
      documents: [],
      jobs: [
        job({ type: 'ingest', collection: 'books', result: { documents: [{ id: 'title-1', status: 'searchable' }] } }),
      ],
    },
  ],
  'events stored': [
    { jobs: [job({ events: events.filter(({ seq }) => seq !== 2) })], streams: [] },
    { jobs: [job({ lastSeq: 6 })] },
  ],
  'event gap': [{ streams: [stream(0, [1, 2, 4, 5])] }, { streams: [stream(0, [1, 2]), stream(2, [4, 5])] }],
  'event doubled': [{ streams: [stream(0, [1, 2, 2, 3])] }, { streams: [stream(0, [1, 2]), stream(2, [2, 3])] }],
  'event out of order': [],
  'event differs': [
    { streams: [stream(0, [], { seen: [seen({ seq: 1, event: 'job.queued', at: 'later', data: {} })] })] },
  ],
  'shown before stored': [
    { streams: [stream(3, [4, 5], { lastSeq: 2 })] },
    { streams: [stream(5, [], { seen: [seen({ seq: 6, event: 'job.progress', at: '', data: {} })] })] },
    { rereads: [{ client: 'socket-1', job: 'job_1', seq: 3, lastSeq: 2 }] },
  ],
  'text differs': [{ jobs: [job({ result: { text: 'Rabbits dig' } })] }],
  'dead letter': [
    { deadLetters: [{ id: 'dl_1', job: undefined, code: 'validation' }] },
    { deadLetters: [{ id: 'dl_1', job: 'job_1', code: 'poison_message' }] },
  ],
  leftover: [{ leftovers: new Map([['journal.0', '1 message']]) }],
  crash: [{ crashes: ['embedder-1: exit code 1'] }],
  'not recovered': [{ faults: [fault] }],
};

describe('the checker of a chaos run', () => {
  const promisesBroken = (history: History) => [...new Set(check(history).map(({ promise }) => promise))];

  it('finds nothing in a run in which all went well', () => {
    expect(check(CLEAN)).to.deep.equal([]);
  });

  for (const [promise, histories] of Object.entries(BROKEN))
    for (const [n, broken] of histories.entries())
      it(`sees a broken promise: ${promise}${n > 0 ? `, another way (${n + 1})` : ''}`, () => {
        expect(promisesBroken({ ...CLEAN, ...broken })).to.deep.equal([promise]);
      });

  it('tells an event out of order from one that came twice', () => {
    const late = { ...CLEAN, streams: [stream(0, [1, 3, 2])] };
    expect(promisesBroken(late)).to.deep.equal(['event gap', 'event out of order']);
  });

  it('lets a job end as its client allowed it, and again after a replay', () => {
    const failed = (code: string) => job({ status: 'failed', error: { code, message: '' } });
    const excused = (excuse: 'cancelled' | 'deadline' | 'doomed', how: StoredJob) =>
      check({ ...CLEAN, excuses: new Map([['op-1', [excuse]]]), jobs: [how] });
    expect(excused('cancelled', job({ status: 'cancelled' }))).to.deep.equal([]);
    expect(excused('deadline', failed('deadline_exceeded'))).to.deep.equal([]);
    expect(excused('doomed', failed('provider_error'))).to.deep.equal([]);
    const replayed = ['job.queued', 'job.failed', 'job.replayed', 'job.succeeded'].map((name, n) => event(n + 1, name));
    const again = job({ events: replayed, lastSeq: 4, result: {} });
    expect(check({ ...CLEAN, jobs: [again], streams: [] })).to.deep.equal([]);
  });

  it('names every promise in the ledger, and counts', () => {
    const { ledger } = ledgerOf({ ...CLEAN, documents: [{ ...document, places: 39 }] });
    expect(Object.keys(ledger.violations)).to.have.members(Object.keys(PROMISES));
    expect(ledger.violations['effect doubled']).to.equal(1);
    expect(ledger).to.deep.include({ attempted: 1, accepted: 1, refused: 0, unknown: 0 });
    expect(ledger.recovery.kill).to.deep.equal({ times: 1, p50_ms: 500, max_ms: 500 });
    expect(ledger.recovery.undisturbed).to.deep.equal({ times: 1, p50_ms: 300, max_ms: 300 });
  });
});
