import { AbortedError, RetryableError, TerminalError } from '../../../../shared/bus/errors.ts';
import type { Embedded, EmbeddingModel, EmbedOptions } from '../model.ts';
import { HIDDEN } from './minilm.ts';
import type { FromWorker } from './protocol.ts';
import { type ModelThread, startThread } from './thread.ts';
import { MAX_TOKENS } from './tokenizer.ts';

const PROVIDER = 'local';

interface Pending {
  readonly resolve: (embedded: Embedded) => void;
  readonly reject: (error: Error) => void;
}

const rows = (all: Float32Array, width: number): Float32Array[] =>
  Array.from({ length: all.length / width }, (_, row) => all.subarray(row * width, (row + 1) * width));

/**
 * all-MiniLM-L6-v2 on this machine's processor. It computes in a thread of its own; a thread that died is replaced at
 * the next call.
 */
export class LocalModel implements EmbeddingModel {
  readonly provider = PROVIDER;
  readonly name = 'all-MiniLM-L6-v2';
  readonly dimensions = HIDDEN;
  readonly maxTokens = MAX_TOKENS;
  readonly #dataDir: string;
  readonly #pending = new Map<number, Pending>();
  #thread: Promise<ModelThread> | undefined;
  #warm: Promise<void> | undefined;
  #lastId = 0;
  #closed = false;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  warmUp(): Promise<void> {
    this.#warm ??= this.embed(['warm-up'], { role: 'query', signal: new AbortController().signal }).then(
      () => undefined,
    );
    return this.#warm;
  }

  async embed(texts: readonly string[], { role, signal }: EmbedOptions): Promise<Embedded> {
    signal.throwIfAborted();
    if (texts.length === 0) return { vectors: [], tokens: 0 };
    const thread = await this.#running();
    this.#mustBeOpen();
    const id = ++this.#lastId;
    let drop: (() => void) | undefined;
    try {
      return await new Promise<Embedded>((resolve, reject) => {
        drop = () => {
          thread.post({ type: 'drop', id });
          reject(signal.reason);
        };
        this.#pending.set(id, { resolve, reject });
        if (signal.aborted) return drop();
        signal.addEventListener('abort', drop);
        thread.post({ type: 'embed', id, texts, role });
      });
    } finally {
      this.#pending.delete(id);
      if (drop !== undefined) signal.removeEventListener('abort', drop);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#rejectAll(new AbortedError('shutdown'));
    const thread = await this.#thread?.catch(() => undefined);
    await thread?.close();
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new AbortedError('shutdown');
  }

  #running(): Promise<ModelThread> {
    this.#mustBeOpen();
    this.#thread ??= this.#start();
    return this.#thread;
  }

  #start(): Promise<ModelThread> {
    return new Promise((resolve, reject) => {
      const thread = startThread(
        { dataDir: this.#dataDir },
        {
          message: (message) => (message.type === 'ready' ? resolve(thread) : this.#settle(message)),
          died: (cause) => {
            this.#thread = undefined;
            const error = new RetryableError('provider_error', `the local model failed: ${cause.message}`, {
              cause,
              provider: PROVIDER,
            });
            this.#rejectAll(error);
            reject(error);
          },
        },
      );
    });
  }

  #settle(message: Exclude<FromWorker, { type: 'ready' }>): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    switch (message.type) {
      case 'embedded':
        pending.resolve({ vectors: rows(message.vectors, this.dimensions), tokens: message.tokens });
        break;
      case 'failed':
        // The model computes the same whenever it is asked: what failed once fails again.
        pending.reject(new TerminalError('provider_error', message.message, { provider: PROVIDER }));
        break;
      default:
        message satisfies never;
    }
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
  }
}
