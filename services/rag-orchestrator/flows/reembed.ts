import { EmbedTexts, TextsEmbedded } from '../../../shared/messages/embedding.ts';
import type { ReembedInput } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import type { CommandFailed } from '../../../shared/messages/outcome.ts';
import {
  BeginGeneration,
  GatherPassages,
  GenerationBegun,
  GenerationProbed,
  GenerationSwitched,
  GenerationUnready,
  PassagesGathered,
  SwitchGeneration,
} from '../../../shared/messages/reembedding.ts';
import {
  advance,
  andThen,
  type Decision,
  decision,
  type Flow,
  fail,
  nothing,
  succeed,
  type Wish,
  withState,
} from './flow.ts';
import { type Batch, halvesOf, passagesIn } from './passage-runs.ts';
import { isProbe, onProbed, onQuestionsEmbedded, probe, recallOf } from './recall-gate.ts';
import { embeddingUsage, withUsage } from './usage.ts';

/** Batches at the embedder at which more passages are worth asking for. */
const LOW_WATER_BATCHES = 4;
/** A model that refuses so many passages is the wrong one, unless the job says that it does not mind. */
const MAX_REFUSED = 100;
const START = { edition: 0, ord: -1 };

/** What a re-embedding remembers: where its walk over the collection is, and what is at the embedder. */
interface State {
  readonly generation?: number;
  readonly model?: string;
  /** Walks over the collection, and windows of passages that this one asked for, so far. */
  readonly walk: number;
  readonly window: number;
  /** The last place it looked at; absent at the end of a walk. */
  readonly after?: { readonly edition: number; readonly ord: number } | undefined;
  /** More passages were asked for and have not come yet. */
  readonly asked: boolean;
  /** Batches at the embedder by name. */
  readonly pending: Readonly<Record<string, Batch>>;
  readonly refused: number;
}

const EMPTY: State = { walk: 0, window: 0, asked: false, pending: {}, refused: 0 };
const stateOf = (job: Job): State => ({ ...EMPTY, ...(job.state as Partial<State>) });
const inputOf = (job: Job) => job.input as ReembedInput;

const begin = (job: Job): Decision => {
  const { collection, embedding_model: model } = inputOf(job);
  // Walks are counted on: what is left of an earlier try of this job must not be taken for this one's.
  const state = { ...EMPTY, walk: stateOf(job).walk, generation: undefined, recalls: {} };
  const fresh = withState({ ...job, progress: { done: 0, total: 0 } }, state);
  return advance(fresh, 0, { command: BeginGeneration({ owner: job.owner, collection, model }), part: '0' });
};

function onBegun(job: Job, { generation, model, lacking }: GenerationBegun['body']): Decision {
  if (stateOf(job).generation !== undefined) return nothing(job);
  return walk({ ...withState(job, { generation, model }), progress: { done: 0, total: lacking } });
}

/** Once over all passages of the collection, from the first. */
function walk(job: Job): Decision {
  return askMore(withState(job, { walk: stateOf(job).walk + 1, window: 0, after: START }));
}

function askMore(job: Job): Decision {
  const { generation = 0, walk, window, after = START } = stateOf(job);
  const command = GatherPassages({ generation, after });
  const next = withState({ ...job, stage: EmbedTexts.type, attempt: 1 }, { window: window + 1, asked: true });
  return decision(next, { wishes: [{ command, part: `${walk}.${window}` }] });
}

const embed = (job: Job, name: string, texts: readonly string[]): Wish => {
  const { model } = stateOf(job);
  return {
    command: EmbedTexts({ batch: name, role: 'document', texts: [...texts], partial: true, model }),
    part: name,
    model,
  };
};

function onGathered(job: Job, { batches, after }: PassagesGathered['body']): Decision {
  const { walk, window, asked, pending } = stateOf(job);
  if (!asked) return nothing(job);
  const named = batches.map(({ runs, texts }, index) => ({ name: `${walk}.${window - 1}.${index}`, runs, texts }));
  const fresh = Object.fromEntries(named.map(({ name, runs }) => [name, runs]));
  const next = withState(job, { asked: false, after, pending: { ...pending, ...fresh } });
  const wishes = named.map(({ name, texts }) => embed(next, name, texts));
  return andThen(decision(grown(next), { wishes }), follow);
}

/** Documents that came since the job began make it longer. */
function grown(job: Job): Job {
  const { done, total } = job.progress;
  const known = done + Object.values(stateOf(job).pending).reduce((sum, batch) => sum + passagesIn(batch), 0);
  return { ...job, progress: { done, total: Math.max(total, known) } };
}

/** More passages, or, when all of this walk came back, the way to the end. */
function follow(job: Job): Decision {
  const { asked, after, pending } = stateOf(job);
  const open = Object.keys(pending).length;
  if (after !== undefined) return !asked && open <= LOW_WATER_BATCHES ? askMore(job) : nothing(job);
  return open === 0 && !asked ? judge(job) : nothing(job);
}

/** All passages were seen to: the questions are tried, if there are any, and the collection switches. */
function judge(job: Job): Decision {
  const { generation = 0, model = '', walk } = stateOf(job);
  const questions = inputOf(job).eval;
  const recall = questions && recallOf(job, questions);
  if (questions !== undefined && recall === undefined) return probe(job, questions, model);
  if (questions !== undefined && recall !== undefined && recall < questions.min_recall_at_10) {
    const message = `recall@10 with ${model} is ${recall.toFixed(3)}, below ${questions.min_recall_at_10}: nothing was changed`;
    return fail(job, { code: 'recall_too_low', message }, { embedding_model: model, recall_at_10: recall });
  }
  const command = SwitchGeneration({ generation, partial: inputOf(job).partial ?? false });
  return decision({ ...job, stage: SwitchGeneration.type, attempt: 1 }, { wishes: [{ command, part: String(walk) }] });
}

/** The vectors of a batch came: they are stored in this turn. */
function onEmbedded(job: Job, body: TextsEmbedded['body']): Decision {
  const { batch, vectors, failures = [], model } = body;
  const errors = Object.fromEntries(failures.map(({ index, message }) => [index, message]));
  return settle(withUsage(job, embeddingUsage(body)), batch, { vectors, errors, model });
}

interface Outcome {
  readonly vectors: readonly (string | null)[];
  readonly errors: Readonly<Record<number, string>>;
  readonly model: string;
}

function settle(job: Job, name: string, { vectors, errors, model }: Outcome): Decision {
  const { generation = 0, pending, refused } = stateOf(job);
  const { [name]: runs, ...others } = pending;
  if (runs === undefined) return nothing(job);
  const more = vectors.filter((vector) => vector === null).length;
  const progress = { ...job.progress, done: job.progress.done + vectors.length };
  const next = withState({ ...job, progress }, { pending: others, refused: refused + more });
  const stored = decision(next, {
    writes: [{ kind: 'built', generation, runs, vectors, errors, model }],
    events: [{ event: 'job.progress', data: { ...progress, stage: EmbedTexts.type } }],
  });
  const why = Object.values(errors)[0];
  return andThen(stored, (after) => (refused + more > MAX_REFUSED ? tooManyRefused(after, why) : follow(after)));
}

function tooManyRefused(job: Job, why = 'see the log of the embedder'): Decision {
  if (inputOf(job).partial === true) return follow(job);
  const message = `${stateOf(job).model} cannot embed more than ${MAX_REFUSED} passages, the last: ${why}`;
  return fail(job, { code: 'partially_failed', message });
}

function onSwitched(job: Job, body: GenerationSwitched['body']): Decision {
  const { generation, passages, dimensions, refused, refusals } = body;
  const { model } = stateOf(job);
  const questions = inputOf(job).eval;
  const recall_at_10 = questions && recallOf(job, questions);
  const result = { generation, embedding_model: model, dimensions, passages, refused, refusals };
  return succeed({ ...job, state: {} }, { ...result, ...(recall_at_10 === undefined ? {} : { recall_at_10 }) });
}

/** Documents came in between, or some passages cannot be had by this model. */
function onUnready(job: Job, { lacking, refused, refusals }: GenerationUnready['body']): Decision {
  const { model = '' } = stateOf(job);
  if (lacking > 0) return walk(job);
  const message = `passages that ${model} cannot embed: ${refused}, the first: ${refusals[0]?.error ?? 'unknown'}`;
  return fail(job, { code: 'partially_failed', message }, { embedding_model: model, refused, refusals });
}

/** A dead batch is halved until the poison passage stands alone; a missing model fails every text alike. */
function onFailed(job: Job, { stage, part: name, error, body }: CommandFailed['body']): Decision | undefined {
  if (stage !== EmbedTexts.type || isProbe(name) || error.code === 'model_not_found') return undefined;
  const { pending, model = '' } = stateOf(job);
  const { [name]: runs, ...others } = pending;
  if (runs === undefined) return nothing(job);
  const { texts = [] } = body as { texts?: string[] };
  if (texts.length < 2) return settle(job, name, { vectors: [null], errors: { 0: error.message }, model });
  const halves = halvesOf(name, runs, texts);
  const next = withState(job, {
    pending: { ...others, ...Object.fromEntries(halves.map((half) => [half.name, half.runs])) },
  });
  return decision(next, { wishes: halves.map((half) => embed(next, half.name, half.texts)) });
}

/** reembed: a generation of vectors by another model, beside the one that answers, until it lacks nothing; then it answers. */
export const reembed: Flow = {
  start: begin,
  on(job, event) {
    const { generation } = stateOf(job);
    switch (event.type) {
      case GenerationBegun.type:
        return onBegun(job, event.body);
      case PassagesGathered.type:
        return event.body.generation === generation ? onGathered(job, event.body) : nothing(job);
      case TextsEmbedded.type:
        return isProbe(event.body.batch) ? onQuestionsEmbedded(job, event.body) : onEmbedded(job, event.body);
      case GenerationProbed.type:
        return event.body.generation === generation ? onProbed(job, event.body, judge) : nothing(job);
      case GenerationSwitched.type:
        return event.body.generation === generation ? onSwitched(job, event.body) : nothing(job);
      case GenerationUnready.type:
        return event.body.generation === generation && job.stage === SwitchGeneration.type
          ? onUnready(job, event.body)
          : nothing(job);
      default:
        return nothing(job);
    }
  },
  onFailed,
  /** What it had built was given up when it failed. */
  onReplayed: begin,
};
