import { AbortedError, RetryableError, TerminalError } from '../../../../shared/bus/errors.ts';
import { type EmbeddingProfile, embeddingProfile, LOCAL_MODEL } from '../../../../shared/profiles/embedding-profile.ts';
import type { Embedded, EmbeddingModel, EmbedOptions, Role } from '../model.ts';
import { HIDDEN } from './minilm.ts';
import type { FromWorker, WorkerSetup } from './protocol.ts';
import { type ModelThread, startThread } from './thread.ts';
import { MAX_TOKENS } from './tokenizer.ts';

const PROVIDER = 'local';

interface Pending {
  readonly texts: number;
  readonly resolve: (embedded: Embedded) => void;
  readonly reject: (error: Error) => void;
}

const rows = (all: Float32Array, width: number): Float32Array[] =>
  Array.from({ length: all.length / width }, (_, row) => all.subarray(row * width, (row + 1) * width));

/** Another model than the one that is brought along. */
export interface OtherModel {
  /** Holds `model.onnx` and `tokenizer.json`. */
  readonly folder: string;
  readonly profile: EmbeddingProfile;
}

/**
 * A sentence model on this machine's processor: all-MiniLM-L6-v2, or the one of a folder. It computes in a thread of its own; a thread that died is replaced at
 * the next call.
 */
export class LocalModel implements EmbeddingModel {
  readonly provider = PROVIDER;
  readonly name: string;
  readonly #setup: WorkerSetup;
  readonly #profile: EmbeddingProfile;
  #dimensions: number;
  #maxTokens: number;
  readonly #pending = new Map<number, Pending>();
  #thread: Promise<ModelThread> | undefined;
  #warm: Promise<void> | undefined;
  #lastId = 0;
  #closed = false;

  constructor(dataDir: string, other?: OtherModel) {
    this.#profile = other?.profile ?? embeddingProfile(LOCAL_MODEL);
    this.#setup = other === undefined ? { dataDir } : { dataDir, folder: other.folder };
    this.name = this.#profile.model;
    this.#dimensions = other === undefined ? HIDDEN : 0;
    this.#maxTokens = other === undefined ? MAX_TOKENS : this.#profile.maxTokens;
  }

  get dimensions(): number {
    return this.#dimensions;
  }

  get maxTokens(): number {
    return this.#maxTokens;
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
        this.#pending.set(id, { texts: texts.length, resolve, reject });
        if (signal.aborted) return drop();
        signal.addEventListener('abort', drop);
        thread.post({ type: 'embed', id, texts: this.#prefixed(texts, role), role });
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

  #prefixed(texts: readonly string[], role: Role): readonly string[] {
    const prefix = role === 'query' ? this.#profile.queryPrefix : this.#profile.documentPrefix;
    return prefix === '' ? texts : texts.map((text) => prefix + text);
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
      const thread = startThread(this.#setup, {
        message: (message) => {
          if (message.type !== 'ready') return this.#settle(message);
          this.#maxTokens = message.maxTokens;
          resolve(thread);
        },
        died: (cause) => {
          this.#thread = undefined;
          const error = new RetryableError('provider_error', `the local model failed: ${cause.message}`, {
            cause,
            provider: PROVIDER,
          });
          this.#rejectAll(error);
          reject(error);
        },
      });
    });
  }

  #settle(message: Exclude<FromWorker, { type: 'ready' }>): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    switch (message.type) {
      case 'embedded':
        this.#dimensions = message.vectors.length / pending.texts;
        pending.resolve({ vectors: rows(message.vectors, this.#dimensions), tokens: message.tokens });
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
