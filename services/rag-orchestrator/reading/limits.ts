import { BOUNDS, type Bounds } from '../split/bounds.ts';

/** What the reading of one document may take; beyond a limit the document is refused. Tests narrow these. */
export interface ReadingLimits {
  readonly bytes: number;
  readonly ms: number;
  /** Memory of the process that reads. */
  readonly memoryMib: number;
  readonly bounds: Bounds;
}

const MIB = 1024 * 1024;

/** `bytes` is what a gateway takes in one request. */
export const READING_LIMITS: ReadingLimits = { bytes: 32 * MIB, ms: 60_000, memoryMib: 1024, bounds: BOUNDS };
