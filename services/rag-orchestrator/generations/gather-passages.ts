import { type Handler, on } from '../../../shared/bus/handler.ts';
import { GatherPassages, type PassageRun, PassagesGathered } from '../../../shared/messages/reembedding.ts';
import type { Database } from '../../../shared/store/database.ts';
import { lackingPassages, type PassageKey } from '../../../shared/store/rebuild.ts';
import { inBatches, WINDOW_PASSAGES } from '../batches.ts';
import { embeddingText } from '../split/split.ts';

/** Hands out some passages that a generation lacks, as they are embedded: with their headings in front. Reads only. */
export const gatherPassages = (db: Database): Handler =>
  on(GatherPassages, async ({ generation, after }) => {
    const rows = await lackingPassages(db, { generation, after, limit: WINDOW_PASSAGES });
    const batches = inBatches(
      rows.map(({ edition, ord, heading, text }) => ({ edition, ord, text: embeddingText(heading, text) })),
    );
    const last = batches.at(-1)?.at(-1);
    const handedOut = batches.reduce((sum, batch) => sum + batch.length, 0);
    const isEnd = handedOut === rows.length && rows.length < WINDOW_PASSAGES;
    return {
      event: PassagesGathered({
        generation,
        batches: batches.map((batch) => ({ runs: runsOf(batch), texts: batch.map(({ text }) => text) })),
        ...(last === undefined || isEnd ? {} : { after: { edition: last.edition, ord: last.ord } }),
      }),
    };
  });

/** Neighbours in one edition become one run. */
function runsOf(passages: readonly PassageKey[]): PassageRun[] {
  const runs: PassageRun[] = [];
  for (const { edition, ord } of passages) {
    const last = runs.at(-1);
    if (last?.edition === edition && last.from + last.count === ord) last.count += 1;
    else runs.push({ edition, from: ord, count: 1 });
  }
  return runs;
}
