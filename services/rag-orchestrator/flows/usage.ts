import type { TextsEmbedded } from '../../../shared/messages/embedding.ts';
import type { Job, Usage } from '../../../shared/messages/job.ts';

const COUNTS = ['prompt_tokens', 'completion_tokens', 'embedded_texts', 'provider_ms'] as const;

/** Two usages together; a count that neither has stays unknown, and one estimate makes the whole an estimate. */
function sum(before: Usage, more: Usage): Usage {
  const counts = COUNTS.flatMap((name) => {
    const [one, other] = [before[name], more[name]];
    return one === undefined && other === undefined ? [] : [[name, (one ?? 0) + (other ?? 0)]];
  });
  const estimated = before.estimated === true || more.estimated === true;
  return { ...Object.fromEntries(counts), ...(estimated && { estimated }) };
}

/**
 * The job with more added to what it consumed. A flow must ask only for what it hears for the first time: the sum knows
 * nothing of what is in it.
 */
export const withUsage = (job: Job, more: Usage | undefined): Job =>
  more === undefined ? job : { ...job, usage: sum(job.usage ?? {}, more) };

/** What a batch of texts cost; texts that could not be embedded are not counted. */
export function embeddingUsage({ vectors, provider_ms, prompt_tokens, estimated }: TextsEmbedded['body']): Usage {
  return {
    embedded_texts: vectors.filter((vector) => vector !== null).length,
    provider_ms,
    ...(prompt_tokens !== undefined && { prompt_tokens }),
    ...(estimated !== undefined && { estimated }),
  };
}
