import { extname } from 'node:path';

/** What a file is, as it is sent. */
export interface Kind {
  readonly mimeType: string;
  /** Sent as text, which must be UTF-8; everything else as the bytes it is. */
  readonly isText: boolean;
}

const text = (mimeType: string): Kind => ({ mimeType, isText: true });
const bytes = (mimeType: string): Kind => ({ mimeType, isText: false });

/** By extension. */
const KINDS: Readonly<Record<string, Kind>> = {
  '.md': text('text/markdown'),
  '.markdown': text('text/markdown'),
  '.txt': text('text/plain'),
  '.text': text('text/plain'),
  '.html': text('text/html'),
  '.htm': text('text/html'),
  '.pdf': bytes('application/pdf'),
  '.docx': bytes('application/vnd.openxmlformats-officedocument.wordprocessingml.document'),
};

/** Extensions of the files that can be sent. */
export const EXTENSIONS: readonly string[] = Object.keys(KINDS);

/** Undefined for a file that cannot be sent. */
export const kindOf = (path: string): Kind | undefined => KINDS[extname(path).toLowerCase()];
