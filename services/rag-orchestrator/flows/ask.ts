import {
  type AnswerGenerated,
  type AskResult,
  type Citation,
  GenerateAnswer,
} from '../../../shared/messages/answering.ts';
import { CondenseQuestion } from '../../../shared/messages/condensing.ts';
import type { AskInput } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import { PassagesRanked, RankPassages } from '../../../shared/messages/ranking.ts';
import type { Passage } from '../../../shared/messages/retrieval.ts';
import { onAnswer } from './answer.ts';
import { condensed, leansOnHistory, onCondensed, standaloneQuestion, startCondensing } from './condensing.ts';
import { advance, andThen, type Decision, decision, type Flow, nothing, succeed, withState } from './flow.ts';
import { mostTelling } from './mmr.ts';
import { onRetrieval, type Query, startRetrieval } from './retrieval.ts';
import { withUsage } from './usage.ts';

const DEFAULT_TOP_K = 10;
/** Passages that go to the prompt: more of them dilute an answer. */
const DEFAULT_RERANK_TO = 3;
const DEFAULT_LAMBDA = 0.7;
/** The tenth, counted from 0. */
const BACKGROUND_RANK = 9;

function queryOf(job: Job): Query {
  const { collection, top_k = DEFAULT_TOP_K, filter } = job.input as AskInput;
  return { collection, text: standaloneQuestion(job), top_k, mode: 'hybrid', filter };
}

const citationsOf = (passages: readonly Passage[]): Citation[] =>
  passages.map(({ document_id, passage_id, title, heading, text, score, start, end, page }, index) => ({
    n: index + 1,
    document_id,
    passage_id,
    title,
    heading,
    text,
    score,
    start,
    end,
    ...(page === undefined ? {} : { page }),
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
  const { rerank_to = DEFAULT_RERANK_TO } = job.input as AskInput;
  const { ranker = false } = job.state as State;
  if (!ranker || passages.length <= rerank_to) return answerFrom(job, passages, byScore);
  const command = RankPassages({
    question: standaloneQuestion(job),
    passages: passages.map(({ passage_id: id, text }) => ({ id, text })),
  });
  return advance(withState(job, { passages }), job.progress.done + 1, { command, part: '0' });
}

function onRanked(job: Job, { scores, provider_ms }: PassagesRanked['body']): Decision {
  if (scores === undefined) return unranked(job);
  const { passages = [] } = job.state as State;
  const scoreOf = ({ passage_id }: Passage) => scores[passage_id] ?? Number.NEGATIVE_INFINITY;
  const best = [...passages].sort((a, b) => scoreOf(b) - scoreOf(a));
  const counted = withUsage(job, { provider_ms });
  return answerFrom(withState(counted, { ranked: true, passages: undefined }), best, scoreOf);
}

/** The ranker has no say. */
function unranked(job: Job): Decision {
  const { passages = [] } = job.state as State;
  return answerFrom(withState(job, { passages: undefined }), passages, byScore);
}

type Relevance = (passage: Passage) => number;

const byScore: Relevance = ({ score }) => score;

/** The passages, best first, that go to the prompt: the best, or of the best those that tell most together. */
function sourcesOf(job: Job, passages: readonly Passage[], relevanceOf: Relevance): Passage[] {
  const { rerank_to = DEFAULT_RERANK_TO, mmr = false } = job.input as AskInput;
  if (mmr === false || passages.length <= rerank_to) return passages.slice(0, rerank_to);
  const { lambda = DEFAULT_LAMBDA } = mmr === true ? {} : mmr;
  const candidates = passages.map((passage) => ({ text: passage.text, relevance: relevanceOf(passage) }));
  return mostTelling(candidates, rerank_to, lambda).flatMap((at) => passages[at] ?? []);
}

/** How near the question what lies around its answer is; unknown when too few passages were compared. */
function backgroundOf(passages: readonly Passage[]): { background?: number } {
  const similarities = passages.flatMap(({ similarity }) => similarity ?? []).sort((a, b) => b - a);
  const background = similarities[BACKGROUND_RANK];
  return background === undefined ? {} : { background };
}

/** The best passages become the numbered sources of the answer; clients see them before its first word. */
function answerFrom(job: Job, passages: readonly Passage[], relevanceOf: Relevance): Decision {
  const { question, history, model } = job.input as AskInput;
  const sources = sourcesOf(job, passages, relevanceOf);
  const citations = citationsOf(sources);
  const standalone = standaloneQuestion(job);
  const command = GenerateAnswer({
    question,
    ...(standalone === question ? {} : { standalone }),
    passages: sources,
    ...backgroundOf(passages),
    ...(history === undefined ? {} : { messages: history }),
    ...(model === undefined ? {} : { model }),
  });
  const next = withState(job, { citations });
  return andThen(advance(next, job.progress.total - 1, { command, part: '0', model }), (asked) =>
    decision(asked, { events: [{ event: 'sources.found', data: { citations } }] }),
  );
}

/** Whether an answer rests on anything: one that cites nothing is marked, and so is the word that there is none. */
const grounds = ({ cited, not_found }: AnswerGenerated['body']): Pick<AskResult, 'not_found' | 'uncited'> =>
  not_found === true ? { not_found } : cited.length === 0 ? { uncited: true } : {};

function onGenerated(job: Job, body: AnswerGenerated['body']): Decision {
  const { text, model, provider, degraded, cited, cut, usage } = body;
  const { citations = [], ranker, ranked = false } = job.state as State;
  const result: AskResult = {
    answer: text,
    citations: citations.filter(({ n }) => cited.includes(n)),
    model,
    provider,
    degraded,
    ...grounds(body),
    ...(cut === undefined ? {} : { cut }),
    ...condensed(job),
    ...(ranker === true ? { reranked: ranked } : {}),
  };
  return succeed(withUsage(job, usage), result);
}

/** The way from the question as it stands alone to its passages; the steps before it are done. */
const look = (job: Job): Decision => startRetrieval(job, queryOf(job), condensingSteps(job));

const condensingSteps = (job: Job): number => (leansOnHistory(job) ? 1 : 0);

/** ask: question (said by itself) › its vector › passages › the best of them, where there is a ranker › an answer that cites them. */
export const ask: Flow = {
  start(job) {
    const { ranker = false } = job.state as State;
    const total = condensingSteps(job) + (ranker ? 4 : 3);
    const begun = { ...job, progress: { done: 0, total } };
    return leansOnHistory(job) ? startCondensing(begun) : look(begun);
  },
  on(job, event) {
    switch (job.stage) {
      case CondenseQuestion.type:
        return onCondensed(job, event, look);
      case RankPassages.type:
        return event.type === PassagesRanked.type ? onRanked(job, event.body) : nothing(job);
      case GenerateAnswer.type:
        return onAnswer(job, event, onGenerated);
      default:
        return onRetrieval(job, event, queryOf(job), onFound);
    }
  },
  /** An answer without what these steps are for is better than none; the result says that it is one. */
  onFailed(job, { stage }) {
    if (stage !== CondenseQuestion.type && stage !== RankPassages.type) return undefined;
    if (job.stage !== stage) return nothing(job);
    return stage === CondenseQuestion.type ? look(job) : unranked(job);
  },
};
