import { EmbedTexts } from '../../../shared/messages/embedding.ts';
import type { Wish } from './flow.ts';
import { type Batch, batchId } from './open-document.ts';

/** A generation of vectors that wants the passages of a document. */
export interface Target {
  readonly generation?: number | undefined;
  /** Any when absent. */
  readonly model?: string | undefined;
}

/** A batch on its way to the embedder. */
export const embedBatch = (document: number, batch: Batch, texts: readonly string[], model?: string): Wish => ({
  command: EmbedTexts({
    batch: batchId(document, batch),
    role: 'document',
    texts: [...texts],
    partial: true,
    ...(model === undefined ? {} : { model }),
  }),
  part: batchId(document, batch),
  model,
});

/** Batches of texts for each generation that wants them; the first one answers searches, the others are beside it. */
export function handOut(
  document: number,
  batches: readonly { from: number; texts: readonly string[] }[],
  targets: readonly Target[],
): { wishes: Wish[]; batches: Batch[] } {
  const parts = targets.flatMap(({ generation, model }, index) =>
    batches.map(({ from, texts }) => {
      const named = generation === undefined ? {} : { generation };
      const batch: Batch = { from, count: texts.length, ...named, ...(index > 0 && { beside: true }) };
      return { batch, wish: embedBatch(document, batch, texts, model) };
    }),
  );
  return { wishes: parts.map(({ wish }) => wish), batches: parts.map(({ batch }) => batch) };
}
