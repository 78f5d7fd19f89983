import { EventEmitter } from 'node:events';

/** A request whose client closed before the answer was whole. */
export interface Abort {
  /** When the server saw it: epoch milliseconds with fractions. */
  readonly at: number;
  readonly path: string;
  readonly model: string | undefined;
  readonly phase: 'before headers' | 'in stream';
  /** Tokens that had been sent. */
  readonly tokens: number;
}

type Tally = Readonly<Record<string, number>>;

/** What the server has seen since its start or the last reset. */
export interface Counts {
  readonly requests: number;
  readonly requests_by_path: Tally;
  readonly requests_by_model: Tally;
  readonly answers_by_status: Tally;
  /** Requests without an end so far. */
  readonly requests_open: number;
  /** Streamed answers among them. */
  readonly streams_open: number;
  readonly tokens_sent: number;
  readonly texts_received: number;
  /** Texts whose vectors were sent. */
  readonly texts_embedded: number;
  /** How many embedding requests had so many texts. */
  readonly batch_sizes: Tally;
  readonly aborted: number;
  /** The last aborted requests, oldest first. */
  readonly aborts: readonly Abort[];
}

/** Names in a tally, at most: clients choose them. */
const MOST_NAMES = 1_000;
const MOST_ABORTS = 10_000;
const OTHERS = '(others)';

const zero = () => ({
  requests: 0,
  byPath: new Map<string, number>(),
  byModel: new Map<string, number>(),
  byStatus: new Map<string, number>(),
  batchSizes: new Map<string, number>(),
  tokens: 0,
  textsReceived: 0,
  textsEmbedded: 0,
  aborted: 0,
  aborts: [] as Abort[],
});

function count(tally: Map<string, number>, name: string): void {
  const key = tally.has(name) || tally.size < MOST_NAMES ? name : OTHERS;
  tally.set(key, (tally.get(key) ?? 0) + 1);
}

export const now = (): number => performance.timeOrigin + performance.now();

export class Counters {
  #seen = zero();
  #open = 0;
  #streams = 0;
  readonly #changes = new EventEmitter().setMaxListeners(0);

  requestCame(path: string): void {
    this.#seen.requests += 1;
    this.#open += 1;
    count(this.#seen.byPath, path);
    this.#changed();
  }

  /** @returns how many requests have named this model, this one included */
  modelNamed(model: string): number {
    count(this.#seen.byModel, model);
    return this.#seen.byModel.get(model) ?? 0;
  }

  requestEnded(status: number | undefined): void {
    this.#open -= 1;
    count(this.#seen.byStatus, String(status ?? 'none'));
    this.#changed();
  }

  streamOpened(): void {
    this.#streams += 1;
    this.#changed();
  }

  streamEnded(): void {
    this.#streams -= 1;
    this.#changed();
  }

  tokenSent(): void {
    this.#seen.tokens += 1;
    this.#changed();
  }

  textsCame(texts: number): void {
    this.#seen.textsReceived += texts;
    count(this.#seen.batchSizes, String(texts));
    this.#changed();
  }

  textsEmbedded(texts: number): void {
    this.#seen.textsEmbedded += texts;
    this.#changed();
  }

  aborted(abort: Abort): void {
    this.#seen.aborted += 1;
    this.#seen.aborts.push(abort);
    if (this.#seen.aborts.length > MOST_ABORTS) this.#seen.aborts.shift();
    this.#changed();
  }

  /** Begins to count anew; what is open stays open. */
  reset(): void {
    this.#seen = zero();
    this.#changed();
  }

  read(): Counts {
    const seen = this.#seen;
    return {
      requests: seen.requests,
      requests_by_path: Object.fromEntries(seen.byPath),
      requests_by_model: Object.fromEntries(seen.byModel),
      answers_by_status: Object.fromEntries(seen.byStatus),
      requests_open: this.#open,
      streams_open: this.#streams,
      tokens_sent: seen.tokens,
      texts_received: seen.textsReceived,
      texts_embedded: seen.textsEmbedded,
      batch_sizes: Object.fromEntries(seen.batchSizes),
      aborted: seen.aborted,
      aborts: [...seen.aborts],
    };
  }

  /** Resolves with the counts as soon as they are so. Rejects after `withinMs`, telling how they stand. */
  until(holds: (counts: Counts) => boolean, withinMs: number): Promise<Counts> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const counts = this.read();
        if (!holds(counts)) return;
        end();
        resolve(counts);
      };
      const giveUp = () => {
        end();
        reject(new Error(`The counts did not become so within ${withinMs} ms: ${JSON.stringify(this.read())}`));
      };
      const timer = setTimeout(giveUp, withinMs);
      const end = () => {
        clearTimeout(timer);
        this.#changes.off('change', look);
      };
      this.#changes.on('change', look);
      look();
    });
  }

  #changed(): void {
    this.#changes.emit('change');
  }
}
