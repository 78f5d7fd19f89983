import type { Bounds } from '../split/bounds.ts';
import type { PassageDraft, SplitOptions } from '../split/split.ts';

/** What a reader is started with, as its one argument (JSON). */
export interface ReaderSetup {
  readonly memoryMib: number;
  readonly bounds: Bounds;
}

/** A document to read, and how to split it. A reader has one at a time. */
export interface ReadRequest {
  readonly content: Uint8Array | string;
  /** As it was declared. */
  readonly mimeType: string;
  readonly title?: string | undefined;
  readonly split: Required<SplitOptions>;
}

/** Where a passage is; its text is not sent a second time. */
export type Place = Omit<PassageDraft, 'text'>;

/** What became of a document. */
export type Reading =
  | { readonly kind: 'read'; readonly text: string; readonly title: string; readonly places: readonly Place[] }
  /** It cannot be read; the message is for whoever sent it. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Something broke that nobody foresaw. */
  | { readonly kind: 'broken'; readonly message: string };

/** From a reader: that it takes documents now, and then an answer to each, with the memory that it holds after it. */
export type FromReader = { readonly kind: 'ready' } | (Reading & { readonly residentMib: number });

/** A reader that takes more memory than it may ends itself by this signal: nothing else would send it. */
export const OUT_OF_MEMORY: NodeJS.Signals = 'SIGUSR2';
