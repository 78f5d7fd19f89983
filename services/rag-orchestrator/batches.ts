/** Texts in one batch for the embedder, and passages handed out at once: their texts fit one message with room to spare. */
const BATCH_TEXTS = 32;
const BATCH_BYTES = 128 * 1024;
const WINDOW_BYTES = 512 * 1024;
export const WINDOW_PASSAGES = 256;

/** As JSON, in which a quote takes two bytes, and a control character six. */
const bytesIn = (text: string): number => Buffer.byteLength(JSON.stringify(text));

/** Texts in batches of bounded number and size; what goes beyond the window is handed out another time. */
export function inBatches<Item extends { readonly text: string }>(items: readonly Item[]): Item[][] {
  const batches: { items: Item[]; bytes: number }[] = [];
  let handedOut = 0;
  for (const [index, item] of items.entries()) {
    const bytes = bytesIn(item.text);
    handedOut += bytes;
    if (index > 0 && handedOut > WINDOW_BYTES) break;
    const last = batches.at(-1);
    if (last !== undefined && last.items.length < BATCH_TEXTS && last.bytes + bytes <= BATCH_BYTES) {
      last.items.push(item);
      last.bytes += bytes;
    } else {
      batches.push({ items: [item], bytes });
    }
  }
  return batches.map(({ items: own }) => own);
}
