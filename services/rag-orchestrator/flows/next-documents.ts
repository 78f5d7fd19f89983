import type { AcceptedIngest } from '../../../shared/messages/inputs.ts';

/** Documents of one job being worked on at once: enough to keep workers busy, few enough to leave room for others. */
const OPEN_DOCUMENTS = 8;
/** Of small ones, which have a passage or two each, as many more as have so many bytes together. */
const OPEN_BYTES = 64 * 1024;
const MOST_OPEN_DOCUMENTS = 64;

type Documents = AcceptedIngest['documents'];

/** Where an ingest is in its list: what is under way and what has ended, by position, and the first not yet looked at. */
interface Place {
  readonly open: Readonly<Record<string, unknown>>;
  readonly ended: Readonly<Record<string, unknown>>;
  readonly next: number;
}

/** Positions of the next documents, as many as there is room for. */
export function nextDocuments(documents: Documents, { open, ended, next }: Place): number[] {
  const bytesOf = (position: number) => documents[position]?.bytes ?? 0;
  let count = Object.keys(open).length;
  let bytes = Object.keys(open).reduce((sum, position) => sum + bytesOf(Number(position)), 0);
  const fresh: number[] = [];
  for (let position = next; position < documents.length; position += 1) {
    if (ended[position] !== undefined) continue;
    count += 1;
    bytes += bytesOf(position);
    const fits = count <= OPEN_DOCUMENTS || (count <= MOST_OPEN_DOCUMENTS && bytes <= OPEN_BYTES);
    if (!fits) break;
    fresh.push(position);
  }
  return fresh;
}
