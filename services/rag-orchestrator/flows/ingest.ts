import { EmbedTexts, TextsEmbedded } from '../../../shared/messages/embedding.ts';
import type { AcceptedIngest } from '../../../shared/messages/inputs.ts';
import type { Job, JobError } from '../../../shared/messages/job.ts';
import type { CommandFailed } from '../../../shared/messages/outcome.ts';
import { GenerationDropped } from '../../../shared/messages/reembedding.ts';
import { PassagesMade, SplitDocument } from '../../../shared/messages/splitting.ts';
import {
  andThen,
  type Decision,
  decision,
  type Flow,
  fail,
  nothing,
  succeed,
  type Wish,
  type Write,
  withState,
} from './flow.ts';
import { embedBatch, handOut, type Target } from './hand-out.ts';
import { ingestResult } from './ingest-result.ts';
import { nextDocuments } from './next-documents.ts';
import {
  type Batch,
  type Ended,
  finished,
  halves,
  handedOut,
  letGo,
  type OpenDocument,
  opened,
  parseBatch,
  settled,
  wantsMore,
} from './open-document.ts';
import { embeddingUsage, withUsage } from './usage.ts';

/** What an ingest remembers: where it is in its list, what is under way, and how each document ended. */
interface State {
  readonly next: number;
  readonly open: Readonly<Record<string, OpenDocument>>;
  readonly ended: Readonly<Record<string, Ended>>;
  /** Generations of vectors that were given up meanwhile. A word of them may be older than that. */
  readonly dropped: readonly number[];
  /** Ids of documents that something newer has replaced or deleted, as was seen when they were to be published. */
  readonly superseded: readonly string[];
}

const EMPTY: State = { next: 0, open: {}, ended: {}, dropped: [], superseded: [] };
const stateOf = (job: Job): State => ({ ...EMPTY, ...(job.state as Partial<State>) });
const documentsOf = (job: Job) => (job.input as AcceptedIngest).documents;

const split = (document: number, from: number): Wish => ({
  command: SplitDocument({ document, from }),
  part: `${document}.${from}`,
});

/** Opens the next documents while there is room. */
function openMore(job: Job): Decision {
  const state = stateOf(job);
  const fresh = nextDocuments(documentsOf(job), state);
  const last = fresh.at(-1);
  if (last === undefined) return nothing(job);
  const open = { ...state.open, ...Object.fromEntries(fresh.map((document) => [document, opened])) };
  return decision(withState(job, { next: last + 1, open }), { wishes: fresh.map((document) => split(document, 0)) });
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
function end(job: Job, document: number, how: Ended): Decision {
  const state = stateOf(job);
  const ended = state.superseded.includes(documentsOf(job)[document]?.id ?? '') ? SUPERSEDED : how;
  const { [document]: _, ...open } = state.open;
  const next = withState(job, { open, ended: { ...state.ended, [document]: ended } });
  const published = decision(next, { writes: publications(job, document, ended) });
  return andThen(published, (after) => andThen(openMore(after), conclude));
}

const SUPERSEDED: Ended = { status: 'superseded', passages: 0, failed: 0 };

/** What is unchanged is published already, and what is superseded never will be. */
function publications(job: Job, document: number, { status, error, unchanged }: Ended): Write[] {
  if (unchanged === true || status === 'superseded') return [];
  return [
    {
      kind: 'document',
      owner: job.owner,
      collection: job.collection ?? '',
      document: documentsOf(job)[document]?.id ?? '',
      revision: job.id,
      status,
      ...(error === undefined ? {} : { error }),
    },
  ];
}

/** The job ends with its last document; it failed only when some document has nothing in the collection. */
function conclude(job: Job): Decision {
  const { ended } = stateOf(job);
  const documents = documentsOf(job);
  if (Object.keys(ended).length < documents.length) return nothing(job);
  const { result, failure } = ingestResult(documents, ended);
  return failure === undefined
    ? succeed(job, result)
    : fail(job, { code: 'partially_failed', message: failure }, result);
}

/** As older releases told it: for whatever generation there is, by whatever model. */
const ANY_MODEL: readonly Target[] = [{}];

/** Some passages of a document came: they go to the embedder, once for each generation of vectors that wants them. */
function onMade(job: Job, made: PassagesMade['body']): Decision {
  const { document, from, total, batches } = made;
  const models: readonly Target[] = made.models ?? ANY_MODEL;
  const { open, dropped } = stateOf(job);
  const now = open[document];
  if (now === undefined || now.next !== from) return nothing(job);
  const over = overAtOnce(made);
  if (over !== undefined) return andThen(skipped(job, over), (next) => end(next, document, over));
  const grown = now.total === undefined ? total : 0;
  const counted = { ...job, stage: EmbedTexts.type, progress: { ...job.progress, total: job.progress.total + grown } };
  const targets = models.filter(({ generation }) => generation === undefined || !dropped.includes(generation));
  const { wishes, batches: handed } = handOut(document, batches, targets);
  // Nobody wants vectors of the rest: whoever built the generation that answers now has seen to them.
  const count = models.length === 0 ? total - from : batches.reduce((sum, { texts }) => sum + texts.length, 0);
  return andThen(decision(counted, { wishes }), (next) =>
    follow(next, document, handedOut(now, { total, next: from + count, batches: handed })),
  );
}

/** How a document ended of which nothing is handed out. */
function overAtOnce({ total, error, unchanged, superseded }: PassagesMade['body']): Ended | undefined {
  if (error !== undefined) return { status: 'failed', passages: 0, failed: 0, error };
  if (superseded === true) return SUPERSEDED;
  return unchanged === true ? { status: 'searchable', passages: total, failed: 0, unchanged } : undefined;
}

/** Passages that need no embedding count as done. */
function skipped(job: Job, { passages }: Ended): Decision {
  if (passages === 0) return nothing(job);
  const { done, total } = job.progress;
  return told(nothing({ ...job, progress: { done: done + passages, total: total + passages } }));
}

/** A generation was given up: nothing of it is waited for any more. */
function onDropped(job: Job, generation: number): Decision {
  const { open, dropped } = stateOf(job);
  if (dropped.includes(generation)) return nothing(job);
  const remembered = nothing(withState(job, { dropped: [...dropped, generation] }));
  return Object.keys(open).reduce((made, document) => {
    const left = open[document] && letGo(open[document], generation);
    if (left === undefined) return made;
    return andThen(made, (next) => follow(counted(next, left.passages), Number(document), left.document));
  }, remembered);
}

/** The vectors of a batch came: they are stored in this turn. */
function onEmbedded(job: Job, body: TextsEmbedded['body']): Decision {
  const { batch, vectors, failures, model, dimensions } = body;
  const part = parseBatch(batch);
  const now = part && stateOf(job).open[part.document];
  const after = now && settled(now, part.batch, failures ?? []);
  if (part === undefined || after === undefined) return nothing(job);
  const document = documentsOf(job)[part.document]?.id ?? '';
  const progressed = part.batch.beside === true ? 0 : vectors.length;
  const stored = decision(counted(withUsage(job, embeddingUsage(body)), progressed), {
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
  return andThen(progressed === 0 ? stored : told(stored), (next) => follow(next, part.document, after));
}

const counted = (job: Job, texts: number): Job => ({
  ...job,
  progress: { ...job.progress, done: job.progress.done + texts },
});

const told = (made: Decision): Decision => ({
  ...made,
  events: [...made.events, { event: 'job.progress', data: { ...made.job.progress, stage: EmbedTexts.type } }],
});

/** A dead batch is halved until the poison passage stands alone; a document that cannot be split has failed. */
function onFailed(job: Job, { stage, part: name, error, body }: CommandFailed['body']): Decision | undefined {
  if (stage === SplitDocument.type) {
    const document = Number(name.split('.')[0]);
    if (stateOf(job).open[document] === undefined) return nothing(job);
    return end(job, document, { status: 'failed', passages: 0, failed: 0, error: error.message });
  }
  // Of another release: the job cannot go on without it.
  if (stage !== EmbedTexts.type) return undefined;
  const part = parseBatch(name);
  const now = part && stateOf(job).open[part.document];
  if (part === undefined || now === undefined) return nothing(job);
  const { texts = [], model } = body as { texts?: string[]; model?: string };
  // A missing model fails every text alike, and a generation beside is its builder's to complete.
  const whole = error.code === 'model_not_found' || part.batch.beside === true || texts.length !== part.batch.count;
  const smaller = whole ? undefined : halves(now, part.batch);
  if (smaller === undefined) return giveUp(job, part, now, error);
  const wishes = smaller.parts.map((half) => {
    const begin = half.from - part.batch.from;
    return embedBatch(part.document, half, texts.slice(begin, begin + half.count), model);
  });
  return decision(keep(job, part.document, smaller.document), { wishes });
}

/** None of the passages of a batch has a vector, nor will have. */
function giveUp(
  job: Job,
  { document, batch }: { document: number; batch: Batch },
  now: OpenDocument,
  error: JobError,
): Decision {
  const after = settled(now, batch, Array<JobError>(batch.count).fill(error));
  if (after === undefined) return nothing(job);
  const made = batch.beside === true ? nothing(job) : told(nothing(counted(job, batch.count)));
  return andThen(made, (next) => follow(next, document, after));
}

/** The documents that failed, or had not ended when the job did, are tried from their beginning. */
function onReplayed(job: Job): Decision {
  const well = Object.entries(stateOf(job).ended).filter(([, { status }]) => status !== 'failed');
  const again = withState(job, { next: 0, open: {}, ended: Object.fromEntries(well) });
  return andThen(openMore(again), conclude);
}

/** ingest: documents › passages › vectors, a bounded window at a time; each document appears in searches all at once. */
export const ingest: Flow = {
  start: (job) => openMore({ ...job, stage: SplitDocument.type, attempt: 1 }),
  on(job, event) {
    if (event.type === PassagesMade.type) return onMade(job, event.body);
    if (event.type === TextsEmbedded.type) return onEmbedded(job, event.body);
    if (event.type === GenerationDropped.type) return onDropped(job, event.body.generation);
    return nothing(job);
  },
  onFailed,
  onReplayed,
};
