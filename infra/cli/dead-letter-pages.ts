import type { DeadLetter, DeadLetterFilter, Page } from './api-types.ts';
import type { WarrenClient } from './client.ts';

/** The gateway lists no more than this at once. */
const MAX_PAGE = 1000;

/** Dead letters, oldest first, page by page; at most so many. */
export async function* deadLetterPages(
  client: WarrenClient,
  filter: DeadLetterFilter,
  most: number,
): AsyncGenerator<Page<DeadLetter>> {
  let cursor: string | undefined;
  for (let left = most; left > 0; ) {
    const page = await client.deadLetters(filter, Math.min(left, MAX_PAGE), cursor);
    yield page;
    left -= page.data.length;
    cursor = page.has_more ? (page.next_cursor ?? undefined) : undefined;
    if (cursor === undefined) return;
  }
}
