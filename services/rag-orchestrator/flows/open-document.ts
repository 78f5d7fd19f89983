/** Some passages in a row: `count` of them from position `from`. */
export interface Batch {
  readonly from: number;
  readonly count: number;
}

/** A document on its way into a collection. What is open is a set of batches: an event that comes twice changes nothing. */
export interface OpenDocument {
  /** Passages it has; unknown until it was split. */
  readonly total?: number;
  /** Passages handed out for embedding so far. */
  readonly next: number;
  /** More passages were asked for and have not come yet. */
  readonly asked: boolean;
  /** Batches at the embedder, as `from+count`. */
  readonly pending: readonly string[];
  /** Passages that could not be embedded. */
  readonly failed: number;
  /** Why the first of them could not. */
  readonly error?: string;
}

/** How a document ended. */
export interface Ended {
  readonly status: 'searchable' | 'partial' | 'failed';
  readonly passages: number;
  readonly failed: number;
  readonly error?: string;
}

/** Batches of one document at the embedder at which more passages are worth asking for. */
const LOW_WATER_BATCHES = 4;

export const opened: OpenDocument = { next: 0, asked: true, pending: [], failed: 0 };

const nameOf = ({ from, count }: Batch): string => `${from}+${count}`;

/** Names a batch within its job. */
export const batchId = (document: number, batch: Batch): string => `${document}.${nameOf(batch)}`;

export function parseBatch(id: string): { document: number; batch: Batch } | undefined {
  const match = /^(\d+)\.(\d+)\+(\d+)$/.exec(id);
  if (match === null) return undefined;
  return { document: Number(match[1]), batch: { from: Number(match[2]), count: Number(match[3]) } };
}

/** Passages were handed out in these batches. */
export const handedOut = (document: OpenDocument, total: number, batches: readonly Batch[]): OpenDocument => ({
  ...document,
  total,
  asked: false,
  next: document.next + batches.reduce((sum, { count }) => sum + count, 0),
  pending: [...document.pending, ...batches.map(nameOf)],
});

/** A batch came back; undefined when it was not open, i.e. was heard before. */
export function settled(
  document: OpenDocument,
  batch: Batch,
  failures: readonly { message: string }[],
): OpenDocument | undefined {
  if (!document.pending.includes(nameOf(batch))) return undefined;
  const error = document.error ?? failures[0]?.message;
  return {
    ...document,
    pending: document.pending.filter((name) => name !== nameOf(batch)),
    failed: document.failed + failures.length,
    ...(error === undefined ? {} : { error }),
  };
}

/** A batch in two, open in its place; undefined when it is a single passage or not open. */
export function halves(document: OpenDocument, batch: Batch): { document: OpenDocument; parts: Batch[] } | undefined {
  if (batch.count < 2 || !document.pending.includes(nameOf(batch))) return undefined;
  const first = Math.ceil(batch.count / 2);
  const parts = [
    { from: batch.from, count: first },
    { from: batch.from + first, count: batch.count - first },
  ];
  const others = document.pending.filter((name) => name !== nameOf(batch));
  return { document: { ...document, pending: [...others, ...parts.map(nameOf)] }, parts };
}

export const wantsMore = ({ total, next, asked, pending }: OpenDocument): boolean =>
  total !== undefined && next < total && !asked && pending.length <= LOW_WATER_BATCHES;

/** How the document ended, once all its passages came back. */
export function finished({ total, next, pending, failed, error }: OpenDocument): Ended | undefined {
  if (total === undefined || next < total || pending.length > 0) return undefined;
  const passages = total - failed;
  const why = error === undefined ? {} : { error };
  if (passages === 0 && total > 0) return { status: 'failed', passages, failed, ...why };
  return { status: failed > 0 ? 'partial' : 'searchable', passages, failed, ...why };
}
