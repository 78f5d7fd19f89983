import type { Role } from '../model.ts';

/** What the worker thread is started with. */
export interface WorkerSetup {
  readonly dataDir: string;
  /** A folder with another model than the one that is brought along. */
  readonly folder?: string;
}

/** From the service to the worker thread. */
export type ToWorker =
  | { readonly type: 'embed'; readonly id: number; readonly texts: readonly string[]; readonly role: Role }
  /** Nobody wants this one any more. */
  | { readonly type: 'drop'; readonly id: number }
  | { readonly type: 'close' };

/** From the worker thread to the service. */
export type FromWorker =
  | { readonly type: 'ready'; readonly maxTokens: number }
  /** The vectors of all texts, one after the other. */
  | { readonly type: 'embedded'; readonly id: number; readonly vectors: Float32Array; readonly tokens: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };
