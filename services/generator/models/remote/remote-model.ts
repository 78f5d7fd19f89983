import type { Logger } from 'pino';
import { TerminalError } from '../../../../shared/bus/errors.ts';
import { estimateTokens } from '../../../../shared/estimate-tokens.ts';
import type { Usage } from '../../../../shared/messages/job.ts';
import type { BreakerOptions } from '../../../../shared/resilience/breaker.ts';
import { type Call, firstByteOf, openCall, probeLimits } from '../../../../shared/resilience/call.ts';
import { broken, failure } from '../../../../shared/resilience/failure.ts';
import { createGates, type Gates } from '../../../../shared/resilience/gates.ts';
import { groundedMessages } from '../../prompt.ts';
import type { Finish, GenerateOptions, GenerationRequest, LanguageModel, Piece } from '../model.ts';
import type { ChatClient } from './chat-client.ts';

export interface RemoteModelOptions {
  readonly client: ChatClient;
  /** Writes when a job names no model. */
  readonly model: string;
  /** Longest silence of a stream. */
  readonly idleMs: number;
  /** Longest wait for a stream to begin; default five times `idleMs`. */
  readonly firstByteMs?: number;
  readonly log: Logger;
  readonly breaker?: Omit<BreakerOptions, 'name' | 'onState'>;
}

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

  constructor(options: RemoteModelOptions) {
    const { client, model, log, breaker } = options;
    this.provider = client.provider;
    this.model = model;
    this.#options = options;
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

  async *generate(request: GenerationRequest, { signal }: GenerateOptions): AsyncGenerator<Piece> {
    signal.throwIfAborted();
    const model = request.model ?? this.model;
    const gate = this.#gates.of(model);
    const { client, idleMs, firstByteMs = firstByteOf(idleMs) } = this.#options;
    const call = openCall({ provider: this.provider, signal, idleMs, firstByteMs });
    try {
      const pieces = client.chat(model, request, call)[Symbol.asyncIterator]();
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

  warmUp(): Promise<void> {
    return this.#gates.of(this.model).probe(new AbortController().signal);
  }

  breakers() {
    return this.#gates.states();
  }

  close(): void {
    this.#gates.close();
  }

  /** Passes the pieces on to the end, which must not be missing. */
  async *#whole(
    request: GenerationRequest,
    first: IteratorResult<Piece>,
    more: () => Promise<IteratorResult<Piece>>,
  ): AsyncGenerator<Piece> {
    let text = '';
    let finish: Finish | undefined;
    for (let next = first; next.done !== true; next = await more()) {
      if ('finish' in next.value) finish = next.value.finish;
      else {
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
