import { followJob, type JobEvent } from './follow-job.ts';
import { type Citation, footnotes } from './footnotes.ts';
import { call, type Gateway } from './gateway-client.ts';

type Write = (text: string) => void;

const show = (write: Write) => {
  let started = false;
  return ({ event, data }: JobEvent): void => {
    if (event === 'output.delta') {
      write(started ? String(data.text) : `\n${data.text}`);
      started = true;
    }
    if (event === 'output.reset') write(`\n  (${data.reason}; the answer begins again)\n\n`);
    if (event === 'job.retrying') write(`\n  (a step failed and is tried again: ${JSON.stringify(data.error)})\n`);
  };
};

interface Answer {
  readonly answer: string;
  readonly citations: readonly Citation[];
  readonly model?: string;
  readonly provider?: string;
}

/** The extractive provider has no model: its answers are sentences of the documents, and say so. */
const signature = ({ model, provider }: Answer): string =>
  provider === 'extractive'
    ? 'extractive: sentences of the documents, nothing generated'
    : `answered by ${[provider, model].filter(Boolean).join(' / ')}`;

/** Asks the collection, writes the answer as it comes and what it rests on below. */
export async function ask(gateway: Gateway, collection: string, question: string, write: Write): Promise<void> {
  const job = await call<{ id: string }>(gateway, 'POST', '/v1/ask', { collection, question });
  const end = await followJob(gateway, job.id, show(write));
  if (end.event !== 'job.succeeded')
    throw new Error(`the question ended with ${end.event}: ${JSON.stringify(end.data)}`);
  const result = end.data.result as Answer;
  write(`\n\n${footnotes(result.answer, result.citations)}\n\n  ${signature(result)} (job ${job.id})\n`);
}
