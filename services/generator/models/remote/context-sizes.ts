/** A server may be started anew with another context. */
const KNOWN_MS = 10 * 60_000;
/** A server that could not say it is asked again after this. */
const UNKNOWN_MS = 60_000;
/** Jobs may name models at will; of more than this, those asked about longest ago are forgotten. */
const MOST_MODELS = 64;
/** What is left of a context that nobody can tell: what the smallest of today's models read. */
export const DEFAULT_CONTEXT_TOKENS = 8_192;

interface Known {
  readonly tokens: Promise<number>;
  readonly until: number;
}

/** How many tokens models read, as their server says. Asked once in a while, and for one model once at a time. */
export class ContextSizes {
  readonly #ask: (model: string) => Promise<number | undefined>;
  readonly #known = new Map<string, Known>();

  /** `ask` may fail, and must be bounded in time. */
  constructor(ask: (model: string) => Promise<number | undefined>) {
    this.#ask = ask;
  }

  /** Never rejects: of a model whose server cannot say it, the default. */
  of(model: string): Promise<number> {
    const known = this.#known.get(model);
    if (known !== undefined && known.until > performance.now()) return known.tokens;
    this.#known.delete(model);
    const tokens = this.#ask(model)
      .catch(() => undefined)
      .then((told) => {
        const until = performance.now() + (told === undefined ? UNKNOWN_MS : KNOWN_MS);
        this.#known.set(model, { tokens, until });
        return told ?? DEFAULT_CONTEXT_TOKENS;
      });
    this.#remember(model, { tokens, until: Number.POSITIVE_INFINITY });
    return tokens;
  }

  #remember(model: string, known: Known): void {
    this.#known.set(model, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_MODELS && oldest !== undefined) this.#known.delete(oldest);
  }
}
