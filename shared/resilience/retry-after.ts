/** Nobody is made to wait longer than this by a header. */
const LONGEST_MS = 60 * 60 * 1000;

/** Milliseconds of a Retry-After header, which gives seconds or a date; undefined without one that can be read. */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(LONGEST_MS, Math.max(0, ms));
}
