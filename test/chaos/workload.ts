import { Random } from './random.ts';

/** How a job may end beside succeeding, by what its client asked for. */
export type Excuse = 'cancelled' | 'deadline' | 'doomed';

/** Something a client wants, before it is sent. */
export interface Wish {
  /** Names it in all records; the job carries it as a tag. */
  readonly op: string;
  /** The body of `POST /v1/jobs`, but for times. */
  readonly submission: Submission;
  /** Not before so long after it was first sent. */
  readonly runInMs?: number;
  /** Idempotency-Key, over HTTP. */
  readonly key?: string;
  /** Sent a second time although it was accepted: the answer must be the same job. */
  readonly again: boolean;
  readonly cancelAfterMs?: number;
  /** How the client follows its job, over HTTP. */
  readonly follow: 'stream' | 'poll' | 'not';
  readonly excuses: readonly Excuse[];
}

export type JobType = 'ask' | 'ingest' | 'embed' | 'generate' | 'search';

export interface Submission {
  readonly type: JobType;
  readonly input: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** The collection that is there before the first client comes. */
export const LIBRARY = 'library';
const BOOKS = 'books';
const TITLES = 20;
/** Paragraphs of a long document: too long for a message, and several batches of it are at the embedder at once. */
const LONG = 360;

const SENTENCES = [
  'Rabbits dig warrens with many doors.',
  'A fox waits at the wrong one.',
  'The owl counts its prey by moonlight.',
  'Nobody has mapped the deepest tunnels.',
  'In winter the burrows are warm.',
  'Young rabbits learn the exits first.',
];

/** A text of so many paragraphs, each unlike all others. */
export const textOf = (name: string, paragraphs: number, random: Random): string =>
  Array.from(
    { length: paragraphs },
    (_, n) => `Paragraph ${n} of ${name}. ${Array.from({ length: 8 }, () => random.pick(SENTENCES)).join(' ')}`,
  ).join('\n\n');

const SHORT_STORY = 'mock-itl10-len12';
const LONG_STORY = 'mock-itl15-len120';

/** A model whose first answer to this job is an error for good: a dead letter, which succeeds when it is replayed. */
const doomedOnce = (op: string): string => `mock-400-times1-itl10-len12:${op}`;

type Input = Pick<Wish, 'excuses'> & { readonly input: Readonly<Record<string, unknown>> };
const plain = (input: Input['input']): Input => ({ input, excuses: [] });

function generation(op: string, random: Random): Input {
  const doomed = random.chance(0.08);
  const model = doomed ? doomedOnce(op) : random.chance(0.25) ? LONG_STORY : SHORT_STORY;
  return { input: { prompt: `Tell me about ${op}.`, model }, excuses: doomed ? ['doomed'] : [] };
}

function ingest(op: string, random: Random): Input {
  const documents = Array.from({ length: random.int(1, 3) }, (_, n) => {
    // Some titles come again and again: later editions must replace earlier ones, whole. The others stay to be looked at.
    const id = random.chance(0.3) ? `title-${random.int(1, TITLES)}` : `${op}-${n}`;
    const paragraphs = random.chance(0.1) ? random.int(LONG / 2, LONG) : random.int(1, 12);
    return { id, title: `${id} by ${op}`, text: textOf(`${id} of ${op}`, paragraphs, random) };
  });
  return plain({
    collection: BOOKS,
    documents: [...new Map(documents.map((document) => [document.id, document])).values()],
  });
}

/** How often each type of job is asked for, and with what. */
const KINDS: Readonly<Record<JobType, { weight: number; inputOf: (op: string, random: Random) => Input }>> = {
  embed: {
    weight: 30,
    inputOf: (op, random) =>
      plain({
        texts: Array.from({ length: random.int(1, 6) }, (_, n) => `text ${n} of ${op}: ${random.pick(SENTENCES)}`),
      }),
  },
  generate: { weight: 30, inputOf: generation },
  ask: {
    weight: 20,
    inputOf: (op, random) =>
      plain({ collection: LIBRARY, question: `Where do rabbits live, asks ${op}?`, top_k: random.int(2, 8) }),
  },
  search: {
    weight: 7,
    inputOf: (_, random) => plain({ collection: LIBRARY, query: random.pick(SENTENCES), top_k: random.int(1, 10) }),
  },
  ingest: { weight: 13, inputOf: ingest },
};

export const JOB_TYPES = Object.keys(KINDS) as readonly JobType[];

function drawType(types: readonly JobType[], random: Random): JobType {
  const tickets = types.flatMap((type) => Array.from({ length: KINDS[type].weight }, () => type));
  return random.pick(tickets);
}

/** The wish as it is sent, now and, letter for letter, whenever it is sent again. */
export const bodyOf = ({ submission, runInMs }: Wish): Submission =>
  runInMs === undefined ? submission : { ...submission, run_at: new Date(Date.now() + runInMs).toISOString() };

/** The wishes of one client, the same for the same seed: each asks for one job. */
export class Workload {
  readonly #random: Random;
  readonly #client: string;
  readonly #types: readonly JobType[];
  #n = 0;

  constructor(seed: string, client: string, types = JOB_TYPES) {
    this.#types = types;
    this.#random = new Random(`${seed}/workload/${client}`);
    this.#client = client;
  }

  next(): Wish {
    const op = `${this.#client}-${++this.#n}`;
    const random = this.#random.fork(op);
    const type = drawType(this.#types, random);
    const { input, excuses } = KINDS[type].inputOf(op, random);
    const deadline = random.chance(0.05) ? { deadline_ms: random.int(500, 30_000) } : {};
    const runIn = random.chance(0.04) ? { runInMs: random.int(500, 5_000) } : {};
    const cancel = random.chance(0.08) ? { cancelAfterMs: random.int(0, 3_000) } : {};
    const keyed = random.chance(0.7);
    return {
      op,
      submission: {
        type,
        input,
        priority: random.pick(['high', 'normal', 'normal', 'low'] as const),
        tags: [op],
        ...deadline,
      },
      ...runIn,
      ...(keyed ? { key: `key-${op}` } : {}),
      again: keyed && random.chance(0.15),
      ...cancel,
      follow: random.pick(['stream', 'stream', 'poll', 'not'] as const),
      excuses: [
        ...excuses,
        ...('cancelAfterMs' in cancel ? ['cancelled' as const] : []),
        ...('deadline_ms' in deadline ? ['deadline' as const] : []),
      ],
    };
  }

  /** Milliseconds until the client wants something again. */
  pauseMs(): number {
    return this.#random.int(100, 900);
  }

  /** Whether the client believes an event it is shown without asking the store. */
  believes(): boolean {
    return !this.#random.chance(0.1);
  }

  /** How long the client keeps a connection before it drops it for no reason. */
  patienceMs(): number {
    return this.#random.int(3_000, 15_000);
  }
}
