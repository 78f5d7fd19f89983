/*
 * Postgres keeps no NUL in text, and neither NUL nor half a surrogate pair in jsonb; both do occur in what people send.
 * Here is the edge where they are replaced by U+FFFD, one for one, so that UTF-16 offsets into a text stay true.
 * Columns of type json (jobs, events) keep their text as it came, escapes included, as long as nothing in it is asked for.
 */

const REPLACEMENT = '\ufffd';

export const cleanText = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', REPLACEMENT) : text);

/** An escaped backslash (left alone), or an escape that jsonb refuses. JSON.stringify escapes only lone surrogates. */
const ESCAPES = /\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** JSON text for a jsonb column. */
export function cleanJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!json.includes('\\u')) return json;
  return json.replace(ESCAPES, (found) => (found === '\\\\' ? found : '\\ufffd'));
}

/** The value as it comes back from a jsonb column. */
export const cleanValue = <T>(value: T): T => JSON.parse(cleanJson(value)) as T;
