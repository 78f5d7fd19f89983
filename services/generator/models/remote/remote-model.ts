import type { Logger } from 'pino';
import { TerminalError } from '../../../../shared/bus/errors.ts';
import { estimateTokens } from '../../../../shared/estimate-tokens.ts';
import type { Usage } from '../../../../shared/messages/job.ts';
import type { BreakerOptions } from '../../../../shared/resilience/breaker.ts';
import { type Call, firstByteOf, openCall, probeLimits } from '../../../../shared/resilience/call.ts';
import { broken, failure } from '../../../../shared/resilience/failure.ts';
import { createGates, type Gates } from '../../../../shared/resilience/gates.ts';
import { Turns } from '../../../../shared/turns.ts';
import { groundedMessages } from '../../prompt.ts';
import type { Finish, GenerateOptions, GenerationRequest, LanguageModel, Piece } from '../model.ts';
import type { ChatClient } from './chat-client.ts';
import { ContextSizes } from './context-sizes.ts';

export interface RemoteModelOptions {
  readonly client: ChatClient;
  /** Writes when a job names no model. */
  readonly model: string;
  /** Longest silence of a stream. */
  readonly idleMs: number;
  /** Longest wait for a stream to begin; default five times `idleMs`. */
  readonly firstByteMs?: number;
  /** How many tokens its models read; by default the server is asked. */
  readonly contextTokens?: number | undefined;
  /** Texts that it may write at once; further ones wait. */
  readonly calls?: number | undefined;
  readonly log: Logger;
  readonly breaker?: Omit<BreakerOptions, 'name' | 'onState'>;
}

/** Bytes of a text, as JSON: a message has to carry it. A model that repeats itself without end is stopped there. */
const MOST_TEXT_BYTES = 800_000;

/** Longest wait for a server to say how much its model reads; without that a default does. */
const CONTEXT_MS = 3_000;

/** The provider's own counts; estimated, and marked so, where it gives none. */
function completed(usage: Usage, request: GenerationRequest, text: string): Usage {
  if (usage.prompt_tokens !== undefined && usage.completion_tokens !== undefined) return usage;
  const prompt = groundedMessages(request).map(({ content }) => content);
  const estimate = { prompt_tokens: estimateTokens(prompt), completion_tokens: estimateTokens([text]) };
  return { ...estimate, ...usage, estimated: true };
}

/** Texts of a model behind a server: limits on time, errors by class, breakers and usage are the same for all kinds. */
export class RemoteModel implements LanguageModel {
  readonly provider: string;
  readonly model: string;
  readonly #options: RemoteModelOptions;
  readonly #gates: Gates;
  readonly #turns: Turns;
  readonly #contexts = new ContextSizes((model) => this.#askContext(model));

  constructor(options: RemoteModelOptions) {
    const { client, model, calls = Infinity, log, breaker } = options;
    this.provider = client.provider;
    this.model = model;
    this.#options = options;
    this.#turns = new Turns(calls);
    this.#gates = createGates({
      provider: client.provider,
      log,
      probe: (name, signal) => this.#probe(name, signal),
      ...(breaker !== undefined && { breaker }),
    });
  }

  /** Any: the server knows its models, and says 404 for others. */
  serves(): boolean {
    return true;
  }

  refuses(): undefined {
    return undefined;
  }

  /** A server that is out is not asked: the call that follows finds out by itself. */
  async contextTokens({ model = this.model }: GenerationRequest): Promise<number | undefined> {
    return this.#options.contextTokens ?? (await this.#contexts.of(model));
  }

  async *generate(request: GenerationRequest, { signal }: GenerateOptions): AsyncGenerator<Piece> {
    const leave = await this.#turns.enter(signal);
    try {
      yield* this.#written(request, signal);
    } finally {
      leave();
    }
  }

  warmUp(): Promise<void> {
    return this.#gates.of(this.model).probe(new AbortController().signal);
  }

  breakers() {
    return this.#gates.states();
  }

  close(): void {
    this.#gates.close();
  }

  async *#written(request: GenerationRequest, signal: AbortSignal): AsyncGenerator<Piece> {
    const model = request.model ?? this.model;
    const gate = this.#gates.of(model);
    const { client, idleMs, firstByteMs = firstByteOf(idleMs) } = this.#options;
    const call = openCall({ provider: this.provider, signal, idleMs, firstByteMs });
    try {
      const context = request.passages === undefined ? undefined : await this.contextTokens(request);
      const pieces = client.chat(model, request, call, context)[Symbol.asyncIterator]();
      // Up to the first piece, so that the breaker hears of a server that accepts and stays silent.
      const first = await gate.run(() => this.#classified(call, () => pieces.next()), signal);
      try {
        yield* this.#whole(request, first, () => this.#classified(call, () => pieces.next()));
      } catch (error) {
        throw await gate.judgeLate(error, signal);
      }
    } catch (error) {
      if (error instanceof TerminalError && error.code === 'model_not_found') this.#gates.forget(model);
      throw error;
    } finally {
      call.end();
    }
  }

  /** Passes the pieces on to the end, which must not be missing; to the longest text there may be, if it comes first. */
  async *#whole(
    request: GenerationRequest,
    first: IteratorResult<Piece>,
    more: () => Promise<IteratorResult<Piece>>,
  ): AsyncGenerator<Piece> {
    let text = '';
    let bytes = 0;
    let finish: Finish | undefined;
    for (let next = first; next.done !== true; next = await more()) {
      if ('finish' in next.value) finish = next.value.finish;
      else {
        bytes += Buffer.byteLength(JSON.stringify(next.value.text));
        if (bytes > MOST_TEXT_BYTES) {
          finish = { finish_reason: 'length', model: request.model ?? this.model, usage: {} };
          break;
        }
        text += next.value.text;
        yield next.value;
      }
    }
    if (finish === undefined) throw broken(this.provider, 'ended its stream before the text was whole');
    yield { finish: { ...finish, usage: completed(finish.usage, request, text) } };
  }

  async #classified<T>(call: Call, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw failure(this.provider, error, call.signal);
    }
  }

  async #askContext(model: string): Promise<number | undefined> {
    if (this.#gates.of(model).state() !== 'closed') return undefined;
    const { signal } = new AbortController();
    const limits = { firstByteMs: CONTEXT_MS, idleMs: CONTEXT_MS };
    const call = openCall({ provider: this.provider, signal, ...limits });
    try {
      return await this.#options.client.contextTokens(model, call);
    } finally {
      call.end();
    }
  }

  async #probe(model: string, signal: AbortSignal): Promise<void> {
    const { client, idleMs } = this.#options;
    const call = openCall({ provider: this.provider, signal, ...probeLimits(idleMs) });
    try {
      await this.#classified(call, () => client.probe(model, call));
    } finally {
      call.end();
    }
  }
}
