import { EmbedTexts, type TextsEmbedded } from '../../../shared/messages/embedding.ts';
import type { EvalInput } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import { type GenerationProbed, ProbeGeneration } from '../../../shared/messages/reembedding.ts';
import { type Decision, decision, fail, nothing, withState } from './flow.ts';
import { embeddingUsage, withUsage } from './usage.ts';

/** Questions in one command: small enough that the vectors of any model fit one message. */
const PART_QUESTIONS = 16;
const PREFIX = 'questions.';

/** Recalls by the position of the first question; a part is open until it is here. */
interface State {
  readonly generation?: number;
  readonly recalls?: Readonly<Record<string, readonly number[]>>;
}

const recallsOf = (job: Job) => (job.state as State).recalls ?? {};

/** Whether a batch of texts is one of questions. */
export const isProbe = (batch: string): boolean => batch.startsWith(PREFIX);

/** Has the questions embedded by the model of the generation. */
export function probe(job: Job, { queries }: EvalInput, model: string): Decision {
  const wishes = Array.from({ length: Math.ceil(queries.length / PART_QUESTIONS) }, (_, index) => {
    const from = index * PART_QUESTIONS;
    const texts = queries.slice(from, from + PART_QUESTIONS).map(({ text }) => text);
    const batch = `${PREFIX}${from}`;
    return { command: EmbedTexts({ batch, role: 'query', texts, model }), part: batch, model };
  });
  return decision({ ...job, stage: ProbeGeneration.type, attempt: 1 }, { wishes });
}

/** Only then is the generation whole; what is heard at another time is left of an earlier try of the job. */
const isProbing = (job: Job): boolean => job.stage === ProbeGeneration.type;

/** The vectors of some questions came: they are tried on the generation. */
export function onQuestionsEmbedded(job: Job, body: TextsEmbedded['body']): Decision {
  if (!isProbing(job)) return nothing(job);
  const { generation = 0 } = job.state as State;
  const from = Number(body.batch.slice(PREFIX.length));
  const vectors = body.vectors.flatMap((vector) => vector ?? []);
  if (vectors.length < body.vectors.length) {
    const why = body.failures?.[0]?.message ?? 'no reason given';
    return fail(job, { code: 'validation', message: `a question of eval cannot be embedded: ${why}` });
  }
  const command = ProbeGeneration({ generation, from, vectors });
  return decision(withUsage(job, embeddingUsage(body)), { wishes: [{ command, part: String(from) }] });
}

/** How some questions did; `judged` goes on when all of them are here. */
export function onProbed(
  job: Job,
  { from, recalls }: GenerationProbed['body'],
  judged: (job: Job) => Decision,
): Decision {
  const known = recallsOf(job);
  if (!isProbing(job) || known[from] !== undefined) return nothing(job);
  const next = withState(job, { recalls: { ...known, [from]: recalls } });
  const { eval: questions } = job.input as { eval?: EvalInput };
  return questions !== undefined && recallOf(next, questions) !== undefined ? judged(next) : nothing(next);
}

/** Mean recall at 10 of all questions; undefined until all were tried. */
export function recallOf(job: Job, { queries }: EvalInput): number | undefined {
  const recalls = Object.values(recallsOf(job)).flat();
  return recalls.length < queries.length
    ? undefined
    : recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
}
