import type { FilterCondition } from '../../shared/messages/filter.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const itemsOf = (value: Json): readonly Json[] => (isList(value) ? value : [value]);

/** Values at a path; lists on the way are looked into. */
const walk = (metadata: Json, path: readonly string[]): Json[] =>
  path.reduce<Json[]>(
    (found, key) =>
      found
        .flatMap(itemsOf)
        .flatMap((value) =>
          typeof value === 'object' && value !== null && !isList(value) && Object.hasOwn(value, key)
            ? [(value as Record<string, Json>)[key] as Json]
            : [],
        ),
    [metadata],
  );

/** By code points, as the database does it. */
function order(one: string, other: string): number {
  const [left, right] = [Array.from(one), Array.from(other)].map((chars) =>
    chars.map((char) => char.codePointAt(0) ?? 0),
  );
  for (const [index, point] of (left ?? []).entries()) {
    const difference = point - (right?.[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return (left?.length ?? 0) - (right?.length ?? 0);
}

function compare(one: Json, other: Json): number | undefined {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return typeof one === 'string' && typeof other === 'string' ? order(one, other) : undefined;
}

const TESTS: Record<string, (value: Json, asked: Json) => boolean> = {
  eq: (value, asked) => value === asked,
  in: (value, asked) => (asked as Json[]).includes(value),
  gt: (value, asked) => (compare(value, asked) ?? 0) > 0,
  gte: (value, asked) => (compare(value, asked) ?? -1) >= 0,
  lt: (value, asked) => (compare(value, asked) ?? 0) < 0,
  lte: (value, asked) => (compare(value, asked) ?? 1) <= 0,
};

function conditionHolds(key: string, { exists, ...tests }: FilterCondition, metadata: Json): boolean {
  const found = [[key], ...(key.includes('.') ? [key.split('.')] : [])].flatMap((path) => walk(metadata, path));
  if (exists !== undefined && found.length > 0 !== exists) return false;
  const asked = Object.entries(tests);
  return (
    asked.length === 0 ||
    found
      .flatMap(itemsOf)
      .some((item) =>
        asked.every(([name, value]) => itemsOf(item).some((inner) => TESTS[name]?.(inner, value as Json))),
      )
  );
}

type Given = { readonly [key: string]: unknown };

/** Whether metadata passes a filter, said in plain JavaScript. */
export const holds = (filter: Given, metadata: Given): boolean =>
  Object.entries(filter).every(([key, asked]) => {
    if (key === 'and') return (asked as Given[]).every((inner) => holds(inner, metadata));
    if (key === 'or') return (asked as Given[]).some((inner) => holds(inner, metadata));
    if (key === 'not') return !holds(asked as Given, metadata);
    const condition = typeof asked === 'object' && asked !== null ? asked : { eq: asked };
    return conditionHolds(key, condition as FilterCondition, metadata as Json);
  });
