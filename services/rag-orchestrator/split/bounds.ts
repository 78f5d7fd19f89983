/** How much of a document is read; beyond a bound the document is refused, none is cut. Tests narrow these. */
export interface Bounds {
  /** Of a PDF. */
  readonly pages: number;
  /** UTF-16 units of text. */
  readonly chars: number;
  /** What a DOCX, which is an archive, unpacks to. */
  readonly unpackedBytes: number;
  /** Files in that archive. */
  readonly archivedFiles: number;
}

const MIB = 1024 * 1024;

export const BOUNDS: Bounds = { pages: 5_000, chars: 10_000_000, unpackedBytes: 128 * MIB, archivedFiles: 10_000 };

/** A number as people read it. */
export const grouped = (n: number): string => n.toLocaleString('en');
