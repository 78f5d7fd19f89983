import { type Handler, on } from '../../shared/bus/handler.ts';
import { PassagesRanked, RankPassages } from '../../shared/messages/ranking.ts';
import type { Ranker } from './models/rankers/ranker.ts';

/** Says how well each passage answers the question. It knows no job and no database, so it may run twice. */
export const rankPassages = (ranker: Ranker): Handler =>
  on(RankPassages, async ({ question, passages }, { signal }) => {
    const begun = performance.now();
    const texts = passages.map(({ text }) => text);
    const { scores, provider, model } = await ranker.rank(question, texts, { signal });
    return {
      event: PassagesRanked({
        scores: Object.fromEntries(passages.map(({ id }, at) => [id, scores[at] ?? 0])),
        model,
        provider,
        provider_ms: Math.round(performance.now() - begun),
      }),
    };
  });
