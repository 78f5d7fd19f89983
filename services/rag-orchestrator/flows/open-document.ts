/** Some passages in a row: `count` of them from position `from`. */
export interface Batch {
  readonly from: number;
  readonly count: number;
  /** The generation of vectors it is embedded for, where it is known. */
  readonly generation?: number;
  /** That generation is not the one that answers: its failures are nobody's but its builder's. */
  readonly beside?: boolean;
}

/** A document on its way into a collection. What is open is a set of batches: an event that comes twice changes nothing. */
export interface OpenDocument {
  /** Passages it has; unknown until it was split. */
  readonly total?: number;
  /** Passages handed out for embedding so far. */
  readonly next: number;
  /** More passages were asked for and have not come yet. */
  readonly asked: boolean;
  /** Batches at the embedder, by name. */
  readonly pending: readonly string[];
  /** Passages that could not be embedded. */
  readonly failed: number;
  /** Why the first of them could not. */
  readonly error?: string;
}

/** How a document ended. `superseded`: a later ingest or a deletion of it made this one void. */
export interface Ended {
  readonly status: 'searchable' | 'partial' | 'failed' | 'superseded';
  readonly passages: number;
  /** The same content was searchable already: nothing was embedded. */
  readonly unchanged?: true;
  readonly failed: number;
  readonly error?: string;
}

/** Batches of one document at the embedder at which more passages are worth asking for. */
const LOW_WATER_BATCHES = 4;

export const opened: OpenDocument = { next: 0, asked: true, pending: [], failed: 0 };

/** `from+count`, `from+count@generation`, or `from+count@generation~` for one beside. */
const nameOf = ({ from, count, generation, beside = false }: Batch): string =>
  `${from}+${count}${generation === undefined ? '' : `@${generation}`}${beside ? '~' : ''}`;

/** Names a batch within its job. */
export const batchId = (document: number, batch: Batch): string => `${document}.${nameOf(batch)}`;

export function parseBatch(id: string): { document: number; batch: Batch } | undefined {
  const match = /^(\d+)\.(.*)$/.exec(id);
  const batch = match === null ? undefined : parseName(match[2] ?? '');
  return match === null || batch === undefined ? undefined : { document: Number(match[1]), batch };
}

function parseName(name: string): Batch | undefined {
  const match = /^(\d+)\+(\d+)(?:@(\d+))?(~)?$/.exec(name);
  if (match === null) return undefined;
  const [, from, count, generation, beside] = match;
  return {
    from: Number(from),
    count: Number(count),
    ...(generation === undefined ? {} : { generation: Number(generation) }),
    ...(beside === undefined ? {} : { beside: true }),
  };
}

/** Passages up to `next` were handed out in these batches. */
export const handedOut = (
  document: OpenDocument,
  { total, next, batches }: { total: number; next: number; batches: readonly Batch[] },
): OpenDocument => ({
  ...document,
  total,
  asked: false,
  next,
  pending: [...document.pending, ...batches.map(nameOf)],
});

/** Nobody wants the vectors of a generation any more. `passages`: how many that answer were still waited for. */
export function letGo(
  document: OpenDocument,
  generation: number,
): { document: OpenDocument; passages: number } | undefined {
  const isGone = (name: string) => parseName(name)?.generation === generation;
  const gone = document.pending.filter(isGone).flatMap((name) => parseName(name) ?? []);
  if (gone.length === 0) return undefined;
  const pending = document.pending.filter((name) => !isGone(name));
  const passages = gone.reduce((sum, { count, beside }) => sum + (beside === true ? 0 : count), 0);
  return { document: { ...document, pending }, passages };
}

/** A batch came back; undefined when it was not open, i.e. was heard before. */
export function settled(
  document: OpenDocument,
  batch: Batch,
  failures: readonly { message: string }[],
): OpenDocument | undefined {
  if (!document.pending.includes(nameOf(batch))) return undefined;
  const pending = document.pending.filter((name) => name !== nameOf(batch));
  if (batch.beside === true) return { ...document, pending };
  const error = document.error ?? failures[0]?.message;
  return {
    ...document,
    pending,
    failed: document.failed + failures.length,
    ...(error === undefined ? {} : { error }),
  };
}

/** A batch in two, open in its place; undefined when it is a single passage or not open. */
export function halves(document: OpenDocument, batch: Batch): { document: OpenDocument; parts: Batch[] } | undefined {
  if (batch.count < 2 || !document.pending.includes(nameOf(batch))) return undefined;
  const first = Math.ceil(batch.count / 2);
  const parts = [
    { ...batch, count: first },
    { ...batch, from: batch.from + first, count: batch.count - first },
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
