import { OutageError, RetryableError } from '../../shared/bus/errors.ts';
import { type Handler, on } from '../../shared/bus/handler.ts';
import { PassagesRanked, RankPassages } from '../../shared/messages/ranking.ts';
import type { Ranker } from './models/rankers/ranker.ts';

/** What would pause the lanes, in which texts wait for their vectors as well. */
const isAway = (error: unknown): error is Error =>
  error instanceof OutageError || (error instanceof RetryableError && error.code === 'provider_rate_limited');

/**
 * Says how well each passage answers the question, and nothing when the ranker is out: an answer must not wait for what
 * it can do without. It knows no job and no database, so it may run twice.
 */
export const rankPassages = (ranker: Ranker): Handler =>
  on(RankPassages, async ({ question, passages }, { signal, log }) => {
    const begun = performance.now();
    const texts = passages.map(({ text }) => text);
    const ms = () => ({ provider_ms: Math.round(performance.now() - begun) });
    try {
      const { scores, provider, model } = await ranker.rank(question, texts, { signal });
      const byId = Object.fromEntries(passages.map(({ id }, at) => [id, scores[at] ?? 0]));
      return { event: PassagesRanked({ scores: byId, model, provider, ...ms() }) };
    } catch (error) {
      if (!isAway(error)) throw error;
      log.warn({ provider: ranker.provider, why: error.message }, 'the ranker is out; the answer goes without');
      return { event: PassagesRanked({ model: ranker.model, provider: ranker.provider, ...ms() }) };
    }
  });
