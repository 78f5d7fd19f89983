import { EmbedTexts, TextsEmbedded } from '../../../shared/messages/embedding.ts';
import type { AcceptedIngest } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import type { CommandFailed } from '../../../shared/messages/outcome.ts';
import { PassagesMade, SplitDocument } from '../../../shared/messages/splitting.ts';
import { andThen, type Decision, decision, type Flow, nothing, succeed, type Wish, withState } from './flow.ts';
import {
  type Batch,
  batchId,
  type Ended,
  finished,
  halves,
  handedOut,
  type OpenDocument,
  opened,
  parseBatch,
  settled,
  wantsMore,
} from './open-document.ts';

/** Documents of one job being worked on at once: enough to keep workers busy, few enough to leave room for others. */
const OPEN_DOCUMENTS = 8;

/** What an ingest remembers: where it is in its list, what is under way, and how each document ended. */
interface State {
  readonly next: number;
  readonly open: Readonly<Record<string, OpenDocument>>;
  readonly ended: Readonly<Record<string, Ended>>;
}

const EMPTY: State = { next: 0, open: {}, ended: {} };
const stateOf = (job: Job): State => ({ ...EMPTY, ...(job.state as Partial<State>) });
const documentsOf = (job: Job) => (job.input as AcceptedIngest).documents;

const split = (document: number, from: number): Wish => ({
  command: SplitDocument({ document, from }),
  part: `${document}.${from}`,
});

const embed = (document: number, batch: Batch, texts: readonly string[]): Wish => ({
  command: EmbedTexts({ batch: batchId(document, batch), role: 'document', texts: [...texts], partial: true }),
  part: batchId(document, batch),
});

/** Opens the next documents while there is room. */
function openMore(job: Job): Decision {
  const state = stateOf(job);
  const room = OPEN_DOCUMENTS - Object.keys(state.open).length;
  const until = Math.min(state.next + Math.max(room, 0), documentsOf(job).length);
  if (until === state.next) return nothing(job);
  const fresh = Array.from({ length: until - state.next }, (_, index) => state.next + index);
  const open = { ...state.open, ...Object.fromEntries(fresh.map((document) => [document, opened])) };
  return decision(withState(job, { next: until, open }), { wishes: fresh.map((document) => split(document, 0)) });
}

/** The document as it is now: wants more passages, waits, or has come to its end. */
function follow(job: Job, document: number, now: OpenDocument): Decision {
  const ended = finished(now);
  if (ended !== undefined) return end(job, document, ended);
  const more = wantsMore(now);
  const kept = keep(job, document, more ? { ...now, asked: true } : now);
  return more ? decision(kept, { wishes: [split(document, now.next)] }) : nothing(kept);
}

const keep = (job: Job, document: number, now: OpenDocument): Job =>
  withState(job, { open: { ...stateOf(job).open, [document]: now } });

/** A document ended: its passages are published in this turn, and the next document may begin. */
function end(job: Job, document: number, ended: Ended): Decision {
  const state = stateOf(job);
  const { [document]: _, ...open } = state.open;
  const next = withState(job, { open, ended: { ...state.ended, [document]: ended } });
  const id = documentsOf(job)[document]?.id ?? '';
  const { status, error } = ended;
  const published = decision(next, {
    writes: [
      {
        kind: 'document',
        owner: job.owner,
        collection: job.collection ?? '',
        document: id,
        revision: job.id,
        status,
        ...(error === undefined ? {} : { error }),
      },
    ],
  });
  return andThen(published, (after) => andThen(openMore(after), conclude));
}

const NEVER_ENDED: Ended = { status: 'failed', passages: 0, failed: 0 };

/** The job ends with its last document; it failed only when some document has nothing in the collection. */
function conclude(job: Job): Decision {
  const state = stateOf(job);
  const documents = documentsOf(job);
  if (Object.keys(state.ended).length < documents.length) return nothing(job);
  const rows = documents.map(({ id }, index) => ({ id, ...(state.ended[index] ?? NEVER_ENDED) }));
  const failed = rows.filter(({ status }) => status === 'failed');
  const result = {
    documents: rows.map(({ id, status, passages, error }) => ({
      id,
      status,
      passages,
      ...(error === undefined ? {} : { error }),
    })),
    counts: {
      documents: rows.length,
      passages: rows.reduce((sum, row) => sum + row.passages, 0),
      failed: failed.length,
    },
  };
  if (failed.length === 0) return succeed(job, result);
  const message = `${failed.length} of ${rows.length} documents could not be indexed: ${failed[0]?.error ?? 'see the result'}`;
  const error = { code: 'partially_failed' as const, message, retryable: false };
  const { stage, next_retry_at, ...rest } = job;
  return decision({ ...rest, status: 'failed', error, result }, { events: [{ event: 'job.failed', data: { error } }] });
}

/** Some passages of a document came: they go to the embedder. */
function onMade(job: Job, { document, from, total, batches, error }: PassagesMade['body']): Decision {
  const now = stateOf(job).open[document];
  if (now === undefined || now.next !== from) return nothing(job);
  if (error !== undefined) return end(job, document, { status: 'failed', passages: 0, failed: 0, error });
  const parts = batches.map((batch) => ({ from: batch.from, count: batch.texts.length }));
  const grown = now.total === undefined ? total : 0;
  const counted = { ...job, stage: EmbedTexts.type, progress: { ...job.progress, total: job.progress.total + grown } };
  const wishes = batches.map(({ texts }, index) => embed(document, parts[index] ?? { from, count: 0 }, texts));
  return andThen(decision(counted, { wishes }), (next) => follow(next, document, handedOut(now, total, parts)));
}

/** The vectors of a batch came: they are stored in this turn. */
function onEmbedded(
  job: Job,
  { batch, vectors, failures, model, dimensions, provider_ms }: TextsEmbedded['body'],
): Decision {
  const part = parseBatch(batch);
  const now = part && stateOf(job).open[part.document];
  const after = now && settled(now, part.batch, failures ?? []);
  if (part === undefined || after === undefined) return nothing(job);
  const document = documentsOf(job)[part.document]?.id ?? '';
  const stored = decision(counted(job, vectors.length, provider_ms), {
    writes: [
      {
        kind: 'vectors',
        owner: job.owner,
        collection: job.collection ?? '',
        document,
        revision: job.id,
        from: part.batch.from,
        vectors,
        model,
        dimensions,
      },
    ],
  });
  return andThen(told(stored), (next) => follow(next, part.document, after));
}

const counted = (job: Job, texts: number, ms: number): Job => ({
  ...job,
  progress: { ...job.progress, done: job.progress.done + texts },
  usage: { embedded_texts: (job.usage?.embedded_texts ?? 0) + texts, provider_ms: (job.usage?.provider_ms ?? 0) + ms },
});

const told = (made: Decision): Decision => ({
  ...made,
  events: [...made.events, { event: 'job.progress', data: { ...made.job.progress, stage: EmbedTexts.type } }],
});

/** A dead batch is halved until the poison passage stands alone; a document that cannot be split has failed. */
function onFailed(job: Job, { stage, part: name, error, body }: CommandFailed['body']): Decision {
  if (stage === SplitDocument.type) {
    const document = Number(name.split('.')[0]);
    if (stateOf(job).open[document] === undefined) return nothing(job);
    return end(job, document, { status: 'failed', passages: 0, failed: 0, error: error.message });
  }
  const part = parseBatch(name);
  const now = part && stateOf(job).open[part.document];
  if (part === undefined || now === undefined) return nothing(job);
  const { texts = [] } = body as { texts?: string[] };
  const smaller = halves(now, part.batch);
  if (smaller === undefined || texts.length !== part.batch.count) {
    const after = settled(now, part.batch, [error]);
    return after === undefined
      ? nothing(job)
      : andThen(told(nothing(counted(job, part.batch.count, 0))), (next) => follow(next, part.document, after));
  }
  const wishes = smaller.parts.map((half) => {
    const begin = half.from - part.batch.from;
    return embed(part.document, half, texts.slice(begin, begin + half.count));
  });
  return decision(keep(job, part.document, smaller.document), { wishes });
}

/** The failed documents of the job are tried again from their beginning. */
function onReplayed(job: Job): Decision {
  const state = stateOf(job);
  const again = Object.keys(state.ended).filter((document) => state.ended[document]?.status === 'failed');
  const ended = Object.fromEntries(Object.entries(state.ended).filter(([document]) => !again.includes(document)));
  const open = Object.fromEntries(again.map((document) => [document, opened]));
  return decision(withState(job, { open, ended }), { wishes: again.map((document) => split(Number(document), 0)) });
}

/** ingest: documents › passages › vectors, a bounded window at a time; each document appears in searches all at once. */
export const ingest: Flow = {
  start: (job) => openMore({ ...job, stage: SplitDocument.type, attempt: 1 }),
  on(job, event) {
    if (event.type === PassagesMade.type) return onMade(job, event.body);
    if (event.type === TextsEmbedded.type) return onEmbedded(job, event.body);
    return nothing(job);
  },
  onFailed,
  onReplayed,
};
