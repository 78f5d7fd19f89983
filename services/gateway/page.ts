interface Page<View> {
  readonly data: View[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/** One page out of one row more than was asked for. */
export function pageOf<Row, View>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => View,
  cursor: (row: Row) => string,
): Page<View> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { data: shown.map(view), has_more: more, next_cursor: more ? cursor(last) : null };
}
