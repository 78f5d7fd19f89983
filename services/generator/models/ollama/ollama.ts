import { type ChatResponse, Ollama } from 'ollama';
import { OutageError } from '../../../../shared/bus/errors.ts';
import type { Usage } from '../../../../shared/messages/job.ts';
import { type Breaker, BreakerOpenError, createBreaker } from '../../../../shared/resilience/breaker.ts';
import type { Finish, GenerateOptions, GenerationRequest, LanguageModel, Piece } from '../model.ts';
import { type Call, openCall } from './call.ts';
import { chatRequest, KEEP_ALIVE } from './chat-request.ts';
import { failure } from './failure.ts';
import { guardedFetch } from './guarded-fetch.ts';

const PROVIDER = 'ollama';
/** The first byte may take this many times the longest silence afterwards. */
const FIRST_BYTE_FACTOR = 5;
const NANOSECONDS_PER_MS = 1e6;

export interface OllamaOptions {
  /** http:// URL. */
  readonly host: string;
  /** Writes when a job names no model. */
  readonly model: string;
  /** Longest silence of a stream. */
  readonly idleMs: number;
  /** Longest wait for a stream to begin; default five times `idleMs`. */
  readonly firstByteMs?: number;
  readonly breaker?: Breaker;
}

type Chunks = AsyncIterator<ChatResponse>;

function usage({ prompt_eval_count, eval_count, total_duration }: ChatResponse): Usage {
  return {
    ...(prompt_eval_count !== undefined && { prompt_tokens: prompt_eval_count }),
    ...(eval_count !== undefined && { completion_tokens: eval_count }),
    ...(total_duration !== undefined && { provider_ms: Math.round(total_duration / NANOSECONDS_PER_MS) }),
  };
}

const finish = (model: string, last: ChatResponse): Finish => ({
  finish_reason: last.done_reason || 'stop',
  model,
  usage: usage(last),
});

/** The pieces of a stream whose first chunk has come. */
async function* pieces(model: string, first: IteratorResult<ChatResponse>, rest: Chunks): AsyncGenerator<Piece> {
  for (let next = first; next.done !== true; next = await rest.next()) {
    const { message, done } = next.value;
    if (message?.content) yield { text: message.content };
    if (done) yield { finish: finish(model, next.value) };
  }
}

/** Texts of an Ollama server. */
export class OllamaModel implements LanguageModel {
  readonly provider = PROVIDER;
  readonly model: string;
  readonly #options: OllamaOptions;
  readonly #breaker: Breaker;

  constructor(options: OllamaOptions) {
    this.model = options.model;
    this.#options = options;
    this.#breaker = options.breaker ?? createBreaker({ name: PROVIDER });
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
    const call = this.#openCall(signal);
    try {
      const { first, rest } = await this.#begin(model, request, call);
      try {
        yield* pieces(model, first, rest);
      } catch (error) {
        const cause = failure(PROVIDER, error, call.signal);
        this.#breaker.failedLater(cause);
        throw cause;
      }
    } finally {
      call.end();
    }
  }

  /** Has the server load the model: a chat without messages does nothing else. A slow load goes on without us. */
  async warmUp(): Promise<void> {
    const call = this.#openCall(new AbortController().signal, this.#options.idleMs);
    try {
      await this.#client(call).chat({ model: this.model, messages: [], stream: false, keep_alive: KEEP_ALIVE });
    } catch (error) {
      throw failure(PROVIDER, error, call.signal);
    } finally {
      call.end();
    }
  }

  breakers() {
    return { [PROVIDER]: this.#breaker.state() };
  }

  close(): void {
    this.#breaker.close();
  }

  #openCall(signal: AbortSignal, firstByteMs = this.#options.firstByteMs): Call {
    const { idleMs } = this.#options;
    return openCall({ provider: PROVIDER, signal, idleMs, firstByteMs: firstByteMs ?? idleMs * FIRST_BYTE_FACTOR });
  }

  /** One client a call: its `abort` would end every stream it has. */
  #client(call: Call): Ollama {
    return new Ollama({ host: this.#options.host, fetch: guardedFetch(PROVIDER, call) });
  }

  /** Waits for the first chunk, so that the breaker hears of a server that accepts and stays silent. */
  async #begin(model: string, request: GenerationRequest, call: Call) {
    try {
      return await this.#breaker.run(async () => {
        try {
          const stream = await this.#client(call).chat(chatRequest(model, request));
          const rest = stream[Symbol.asyncIterator]();
          return { first: await rest.next(), rest };
        } catch (error) {
          throw failure(PROVIDER, error, call.signal);
        }
      });
    } catch (error) {
      if (error instanceof BreakerOpenError) throw new OutageError(PROVIDER, error.message, error.afterMs, error);
      throw error;
    }
  }
}
