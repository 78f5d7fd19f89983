import { EmbedTexts, TextsEmbedded } from '../../../shared/messages/embedding.ts';
import type { EmbedInput } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import { type Decision, decision, type Flow, nothing, succeed, type Wish } from './flow.ts';
import { embeddingUsage, withUsage } from './usage.ts';

/** Texts in one command: small enough that the vectors of any model fit one message. */
const PART_TEXTS = 32;

/** Vectors by part; a part is open until it is here. A set, not a counter: an event may come twice. */
type Parts = Readonly<Record<string, readonly string[]>>;

const partsOf = (job: Job): Wish[] => {
  const { texts, model } = job.input as EmbedInput;
  return Array.from({ length: Math.ceil(texts.length / PART_TEXTS) }, (_, index) => ({
    command: EmbedTexts({
      batch: String(index),
      role: 'document',
      texts: texts.slice(index * PART_TEXTS, (index + 1) * PART_TEXTS),
      ...(model === undefined ? {} : { model }),
    }),
    part: String(index),
    model,
  }));
};

function onEmbedded(job: Job, body: TextsEmbedded['body']): Decision {
  const parts = (job.state as { parts?: Parts }).parts ?? {};
  const total = (job.input as EmbedInput).texts.length;
  if (parts[body.batch] !== undefined) return nothing(job);
  const vectors = body.vectors.filter((vector) => vector !== null);
  const next: Parts = { ...parts, [body.batch]: vectors };
  const done = Object.values(next).reduce((sum, part) => sum + part.length, 0);
  const progress = { done, total };
  const job2: Job = { ...withUsage(job, embeddingUsage(body)), progress, state: { ...job.state, parts: next } };
  if (done < total)
    return decision(job2, { events: [{ event: 'job.progress', data: { ...progress, stage: EmbedTexts.type } }] });
  const ordered = Object.keys(next)
    .sort((a, b) => Number(a) - Number(b))
    .flatMap((part) => next[part] ?? []);
  return succeed({ ...job2, state: {} }, { model: body.model, dimensions: body.dimensions, vectors: ordered });
}

/** embed: texts in, vectors out, in as many commands as it takes. */
export const embed: Flow = {
  start(job) {
    const { texts } = job.input as EmbedInput;
    return decision(
      { ...job, stage: EmbedTexts.type, attempt: 1, progress: { done: 0, total: texts.length } },
      { wishes: partsOf(job) },
    );
  },
  on: (job, event) => (event.type === TextsEmbedded.type ? onEmbedded(job, event.body) : nothing(job)),
  /** Other parts may have ended unheard after the first one died: whatever is still open is sent again. */
  onReplayed(job) {
    const parts = (job.state as { parts?: Parts }).parts ?? {};
    return decision(job, { wishes: partsOf(job).filter(({ part }) => parts[part] === undefined) });
  },
};
