import { embedPartially, type PartlyEmbedded } from './embed-partially.ts';
import { type Gathered, type Message, openMessage, type Wanted } from './gather-message.ts';
import { type Call, type Limits, planCall } from './gather-plan.ts';
import type { EmbeddingModel, Role } from './models/model.ts';

/** Enough to keep a model busy, little enough that a call stays short. */
export const CALL_TEXTS = 64;
const LIMITS: Limits = { texts: CALL_TEXTS, chars: 64_000 };
/** With two calls the model need not wait for us between them. */
const CALLS = 2;
/** For messages to come whose senders only just got an answer. Longer than a round through the broker, short for a call. */
const LINGER_MS = 5;

export interface GatherOptions {
  readonly limits?: Limits;
  /** Calls under way at once, for urgent messages and for all others each. */
  readonly calls?: number;
  readonly lingerMs?: number;
}

/** Calls of one kind. */
interface Stream {
  readonly urgent: boolean;
  waiting: Message[];
  underWay: number;
  /** When the last call ended (ms, monotonic). */
  endedAt: number;
  linger: NodeJS.Timeout | undefined;
}

const stream = (urgent: boolean): Stream => ({
  urgent,
  waiting: [],
  underWay: 0,
  endedAt: Number.NEGATIVE_INFINITY,
  linger: undefined,
});

/** A call under way, and the texts in it by message. */
interface UnderWay {
  readonly parts: readonly { readonly message: Message; readonly from: number; readonly to: number }[];
  readonly abort: AbortController;
}

/**
 * Gathers the texts of many messages into few calls of a model, and answers each message by itself. Nothing waits for
 * more to come while the model is idle: the first message goes at once, and what comes meanwhile travels in the next
 * call. A message that is aborted leaves the others alone; a call that nobody waits for any more is closed.
 */
export class Gather {
  readonly #model: EmbeddingModel;
  readonly #limits: Limits;
  readonly #calls: number;
  readonly #lingerMs: number;
  readonly #urgent = stream(true);
  readonly #other = stream(false);
  readonly #underWay = new Set<UnderWay>();

  constructor(model: EmbeddingModel, { limits = LIMITS, calls = CALLS, lingerMs = LINGER_MS }: GatherOptions = {}) {
    this.#model = model;
    this.#limits = limits;
    this.#calls = calls;
    this.#lingerMs = lingerMs;
  }

  /** @throws {TerminalError} a text cannot be embedded (unless `partial`), what `EmbeddingModel.embed` throws, or the signal's reason */
  async embed(wanted: Wanted): Promise<Gathered> {
    wanted.signal.throwIfAborted();
    const own = wanted.priority === 'high' ? this.#urgent : this.#other;
    const message = openMessage(wanted);
    const abort = () => {
      message.fail(wanted.signal.reason);
      this.#drop(message, own);
    };
    wanted.signal.addEventListener('abort', abort, { once: true });
    own.waiting.push(message);
    try {
      this.#go(own);
      return await message.result;
    } finally {
      wanted.signal.removeEventListener('abort', abort);
    }
  }

  /** Nobody waits for this message any more; calls that were only for it are closed. */
  #drop(message: Message, { waiting }: Stream): void {
    const at = waiting.indexOf(message);
    if (at >= 0) waiting.splice(at, 1);
    for (const { parts, abort } of this.#underWay) {
      if (parts.every((part) => part.message.settled)) abort.abort(new Error('nobody waits for these vectors'));
    }
  }

  /** Makes all calls that may be made now. */
  #go(own: Stream): void {
    while (own.underWay < this.#calls) {
      const call = planCall(own.waiting, this.#limits);
      if (call === undefined) return;
      const waitMs = this.#waitMs(own, call);
      if (waitMs > 0) {
        this.#goLater(own, waitMs);
        return;
      }
      void this.#run(own, call);
    }
  }

  /** How long a call should wait; a call that ends looks again in any case. */
  #waitMs(own: Stream, { full }: Call): number {
    if (full || own.urgent) return 0;
    if (own.underWay > 0) return Number.POSITIVE_INFINITY;
    return own.endedAt + this.#lingerMs - performance.now();
  }

  #goLater(own: Stream, ms: number): void {
    if (!Number.isFinite(ms) || own.linger !== undefined) return;
    own.linger = setTimeout(() => {
      own.linger = undefined;
      this.#go(own);
    }, Math.ceil(ms));
  }

  async #run(own: Stream, call: Call): Promise<void> {
    const parts = this.#take(own, call);
    const abort = new AbortController();
    const underWay: UnderWay = { parts, abort };
    this.#underWay.add(underWay);
    own.underWay += 1;
    try {
      const begun = performance.now();
      const embedded = await this.#ask(call.role, underWay);
      share(parts, embedded, performance.now() - begun);
    } catch (error) {
      for (const { message } of parts) message.fail(error);
      own.waiting = own.waiting.filter(({ settled }) => !settled);
    } finally {
      this.#underWay.delete(underWay);
      own.underWay -= 1;
      own.endedAt = performance.now();
      this.#go(own);
    }
  }

  /** Takes the texts of a call from the messages that wait. */
  #take(own: Stream, { picks }: Call): UnderWay['parts'] {
    const byId = new Map(own.waiting.map((message) => [message.id, message]));
    const parts = picks.flatMap(({ id, from, to }) => {
      const message = byId.get(id);
      if (message === undefined) return [];
      message.next = to;
      return [{ message, from, to }];
    });
    own.waiting = own.waiting.filter(({ next, texts }) => next < texts.length);
    return parts;
  }

  /** A message that wants all or nothing and is alone in its call needs no search for the text to blame. */
  async #ask(role: Role, { parts, abort: { signal } }: UnderWay): Promise<PartlyEmbedded> {
    const texts = parts.flatMap(({ message, from, to }) => message.texts.slice(from, to));
    const allOrNothing = parts.length === 1 && parts[0]?.message.partial === false;
    if (!allOrNothing) return await embedPartially(this.#model, texts, { role, signal });
    return { ...(await this.#model.embed(texts, { role, signal })), failures: [] };
  }
}

const charsOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length, 0);

/** Hands out what a call brought; tokens go by characters, time by texts. */
function share(parts: UnderWay['parts'], embedded: PartlyEmbedded, ms: number): void {
  const { vectors, failures, tokens, estimated, provider } = embedded;
  const allChars = charsOf(parts.flatMap(({ message, from, to }) => message.texts.slice(from, to)));
  let offset = 0;
  for (const { message, from, to } of parts) {
    const begin = offset;
    offset += to - from;
    const chars = charsOf(message.texts.slice(from, to));
    message.add(from, {
      vectors: vectors.slice(begin, offset),
      failures: failures
        .filter(({ index }) => index >= begin && index < offset)
        .map(({ index, error }) => ({ index: index - begin, error })),
      provider,
      tokens: allChars === 0 ? 0 : (tokens * chars) / allChars,
      estimated,
      ms: (ms * (to - from)) / vectors.length,
    });
  }
}
