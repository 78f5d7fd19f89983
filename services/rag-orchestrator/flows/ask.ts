import { type Citation, GenerateAnswer } from '../../../shared/messages/answering.ts';
import type { AskInput } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import type { Passage } from '../../../shared/messages/retrieval.ts';
import { onAnswer, withUsage } from './answer.ts';
import { advance, type Decision, decision, type Flow, succeed, andThen, withState } from './flow.ts';
import { onRetrieval, type Query, startRetrieval } from './retrieval.ts';

const DEFAULT_TOP_K = 10;
/** Passages that go to the prompt: more of them dilute an answer. */
const DEFAULT_RERANK_TO = 3;

function queryOf(job: Job): Query {
  const { collection, question, top_k = DEFAULT_TOP_K, filter } = job.input as AskInput;
  return { collection, text: question, top_k, mode: 'hybrid', filter };
}

const citationsOf = (passages: readonly Passage[]): Citation[] =>
  passages.map(({ document_id, passage_id, title, heading, text, score, start, end }, index) => ({
    n: index + 1,
    document_id,
    passage_id,
    title,
    heading,
    text,
    score,
    start,
    end,
  }));

/** The best passages become the numbered sources of the answer; clients see them before its first word. */
function answerFrom(job: Job, passages: readonly Passage[]): Decision {
  const { question, rerank_to = DEFAULT_RERANK_TO, history, model } = job.input as AskInput;
  const sources = passages.slice(0, rerank_to);
  const citations = citationsOf(sources);
  const command = GenerateAnswer({
    question,
    passages: sources,
    ...(history === undefined ? {} : { messages: history }),
    ...(model === undefined ? {} : { model }),
  });
  return andThen(advance(withState(job, { citations }), 2, { command, part: '0', model }), (next) =>
    decision(next, { events: [{ event: 'sources.found', data: { citations } }] }),
  );
}

/** ask: question › its vector › passages › an answer that cites them. */
export const ask: Flow = {
  start: (job) => startRetrieval({ ...job, progress: { done: 0, total: 3 } }, queryOf(job)),
  on(job, event) {
    if (job.stage !== GenerateAnswer.type) return onRetrieval(job, event, queryOf(job), answerFrom);
    return onAnswer(job, event, (answered, { text, model, provider, degraded, cited, usage }) => {
      const { citations = [] } = answered.state as { citations?: Citation[] };
      return succeed(withUsage(answered, usage), {
        answer: text,
        citations: citations.filter(({ n }) => cited.includes(n)),
        model,
        provider,
        degraded,
      });
    });
  },
};
