import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

type Prefix = 'job' | 'doc' | 'psg' | 'dl' | 'upl';

/** A new id: a prefix and a UUIDv7, so ids sort by their birth. */
export const newId = (prefix: Prefix): string => `${prefix}_${uuidv7()}`;

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const isId = (prefix: Prefix, id: string): boolean =>
  id.startsWith(`${prefix}_`) && UUID_V7.test(id.slice(prefix.length + 1));

/** Epoch milliseconds at which an id was made. */
export const bornAt = (id: string): number =>
  Number.parseInt(
    id
      .slice(id.indexOf('_') + 1)
      .replaceAll('-', '')
      .slice(0, 12),
    16,
  );

/** An id that follows from another: the same seed always gives the same UUIDv7 (birth time of `parent`, hash for the rest). */
export function derivedId(prefix: Prefix, parent: string, seed: string): string {
  const time = parent
    .slice(parent.indexOf('_') + 1)
    .replaceAll('-', '')
    .slice(0, 12);
  const hash = createHash('sha256').update(`${parent}\n${seed}`).digest('hex');
  const variant = ((Number.parseInt(hash.charAt(3), 16) & 0x3) | 0x8).toString(16);
  return `${prefix}_${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
}
