import { type AnswerGenerated, type Citation, GenerateAnswer } from '../../../shared/messages/answering.ts';
import type { AskInput } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import { PassagesRanked, RankPassages } from '../../../shared/messages/ranking.ts';
import type { Passage } from '../../../shared/messages/retrieval.ts';
import { onAnswer, withUsage } from './answer.ts';
import { advance, andThen, type Decision, decision, type Flow, nothing, succeed, withState } from './flow.ts';
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

/** What an ask remembers on its way. `ranker` is from its birth, `ranked` tells whether the ranker had its say. */
interface State {
  readonly ranker?: boolean;
  readonly ranked?: boolean;
  readonly passages?: readonly Passage[];
  readonly citations?: readonly Citation[];
}

/** Passages go to the ranker when there is one and it has a choice. */
function onFound(job: Job, passages: readonly Passage[]): Decision {
  const { question, rerank_to = DEFAULT_RERANK_TO } = job.input as AskInput;
  const { ranker = false } = job.state as State;
  if (!ranker || passages.length <= rerank_to) return answerFrom(job, passages);
  const command = RankPassages({ question, passages: passages.map(({ passage_id: id, text }) => ({ id, text })) });
  return advance(withState(job, { passages }), 2, { command, part: '0' });
}

function onRanked(job: Job, scores: Readonly<Record<string, number>>): Decision {
  const { passages = [] } = job.state as State;
  const scoreOf = ({ passage_id }: Passage) => scores[passage_id] ?? Number.NEGATIVE_INFINITY;
  const best = [...passages].sort((a, b) => scoreOf(b) - scoreOf(a));
  return answerFrom(withState(job, { ranked: true, passages: undefined }), best);
}

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
  const next = withState(job, { citations });
  return andThen(advance(next, job.progress.total - 1, { command, part: '0', model }), (asked) =>
    decision(asked, { events: [{ event: 'sources.found', data: { citations } }] }),
  );
}

function onGenerated(job: Job, { text, model, provider, degraded, cited, usage }: AnswerGenerated['body']): Decision {
  const { citations = [], ranker, ranked = false } = job.state as State;
  return succeed(withUsage(job, usage), {
    answer: text,
    citations: citations.filter(({ n }) => cited.includes(n)),
    model,
    provider,
    degraded,
    ...(ranker === true ? { reranked: ranked } : {}),
  });
}

/** ask: question › its vector › passages › the best of them, where there is a ranker › an answer that cites them. */
export const ask: Flow = {
  start(job) {
    const { ranker = false } = job.state as State;
    return startRetrieval({ ...job, progress: { done: 0, total: ranker ? 4 : 3 } }, queryOf(job));
  },
  on(job, event) {
    if (job.stage === GenerateAnswer.type) return onAnswer(job, event, onGenerated);
    if (job.stage !== RankPassages.type) return onRetrieval(job, event, queryOf(job), onFound);
    return event.type === PassagesRanked.type ? onRanked(job, event.body.scores) : nothing(job);
  },
  /** An answer from passages in the order of the search is better than none; the result says that it is one. */
  onFailed(job, { stage }) {
    if (stage !== RankPassages.type) return undefined;
    if (job.stage !== RankPassages.type) return nothing(job);
    const { passages = [] } = job.state as State;
    return answerFrom(withState(job, { passages: undefined }), passages);
  },
};
