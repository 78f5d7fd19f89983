import type { History } from '../history.ts';
import { shownText } from './shown-text.ts';
import type { Violation } from './violation.ts';

/** What clients were shown of an answer, piece by piece, is its result. */
export function checkTexts({ jobs }: History): Violation[] {
  return jobs.flatMap(({ id, status, result, events }): Violation[] => {
    const text = result?.answer ?? result?.text;
    if (status !== 'succeeded' || typeof text !== 'string') return [];
    const shown = shownText(events);
    if (shown === text) return [];
    return [{ promise: 'text differs', subject: id, what: `shown ${shown.length} characters, stored ${text.length}` }];
  });
}
