import type { Place } from '../../shared/bus/bus.ts';

const CURSOR = /^(-?\d{1,16}) (dl_\S+)$/;

/** The end of a page of dead letters, for a client to give back as it is. */
export const cursorAt = ({ at, id }: Place): string => Buffer.from(`${at} ${id}`).toString('base64url');

/** Undefined when the text is no cursor. */
export function placeAt(cursor: string): Place | undefined {
  const [, at, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  return at === undefined || id === undefined ? undefined : { at: Number(at), id };
}
