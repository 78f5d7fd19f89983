import { GenerateAnswer } from '../../../shared/messages/answering.ts';
import type { GenerateInput } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import { onAnswer } from './answer.ts';
import { advance, type Flow, succeed } from './flow.ts';
import { withUsage } from './usage.ts';

/** generate: one command, one text. */
export const generate: Flow = {
  start(job) {
    const { prompt, messages, model, max_tokens, temperature } = job.input as GenerateInput;
    const command = GenerateAnswer({
      messages: messages ?? [{ role: 'user', content: prompt ?? '' }],
      ...(model === undefined ? {} : { model }),
      ...(max_tokens === undefined ? {} : { max_tokens }),
      ...(temperature === undefined ? {} : { temperature }),
    });
    return advance({ ...job, progress: { done: 0, total: 1 } }, 0, { command, part: '0', model });
  },
  on: (job, event) =>
    onAnswer(job, event, (answered: Job, { text, model, provider, finish_reason, degraded, usage }) =>
      succeed(withUsage(answered, usage), { text, model, provider, finish_reason, ...(degraded ? { degraded } : {}) }),
    ),
};
