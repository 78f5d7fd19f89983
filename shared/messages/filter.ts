import { z } from 'zod';

/** How deeply and, or and not may stand in each other. */
const MAX_DEPTH = 8;
/** Values that one document is compared with, those of lists counted one by one. */
const MAX_VALUES = 500;
const MAX_KEY_CHARS = 200;
const MAX_VALUE_CHARS = 2000;

const Text = z.string().max(MAX_VALUE_CHARS);
const FilterValue = z.union([Text, z.number(), z.boolean(), z.null()], {
  error: 'give a string, a number, true, false or null',
});
export type FilterValue = z.infer<typeof FilterValue>;

const Bound = z.union([Text, z.number()], { error: 'give a number or a string' }).optional();

/** What is asked of one value: all that is named. Numbers and strings are never compared with each other. */
export const FilterCondition = z
  .strictObject({
    eq: FilterValue.optional(),
    in: z.array(FilterValue).min(1).max(MAX_VALUES).optional(),
    gt: Bound,
    gte: Bound,
    lt: Bound,
    lte: Bound,
    exists: z.boolean().optional().describe('Whether the key is there, whatever its value.'),
  })
  .refine((asked) => Object.values(asked).some((value) => value !== undefined), {
    error: 'name at least one of eq, in, gt, gte, lt, lte, exists',
  })
  .refine(({ gt, gte, lt, lte }) => new Set([gt, gte, lt, lte].flatMap((bound) => kindOf(bound))).size <= 1, {
    error: 'bounds are all numbers or all strings',
  });
export type FilterCondition = z.infer<typeof FilterCondition>;

const kindOf = (bound: unknown): string[] => (bound === undefined ? [] : [typeof bound]);

/**
 * Restricts passages by the metadata of their document: every key must hold. A plain value stands for equality. A key with
 * dots is a path into nested metadata, or the whole key, whichever is there. A list holds when one of its items does.
 */
export interface Filter {
  readonly and?: readonly Filter[] | undefined;
  readonly or?: readonly Filter[] | undefined;
  readonly not?: Filter | undefined;
  readonly [key: string]: FilterValue | FilterCondition | readonly Filter[] | Filter | undefined;
}

/** What a filter looks like. Its bounds as a whole are `Filter`'s. */
export const FilterForm: z.ZodType<Filter> = z
  .object({
    get and() {
      return z.array(FilterForm).min(1).max(MAX_VALUES).optional();
    },
    get or() {
      return z.array(FilterForm).min(1).max(MAX_VALUES).optional();
    },
    get not() {
      return FilterForm.optional();
    },
  })
  .catchall(
    z.union([FilterValue, FilterCondition], {
      error: 'give a value, or an object of eq, in, gt, gte, lt, lte, exists',
    }),
  );

/** The bounds are looked at before the form: what is far beyond them would take seconds to be refused part by part. */
export const Filter = z.preprocess((value, { addIssue }) => {
  const excess = excessOf(value);
  if (excess !== undefined) addIssue({ code: 'custom', ...excess });
  return value;
}, FilterForm);

interface Excess {
  readonly message: string;
  readonly path: string[];
}

/** What of a filter is beyond the bounds, whatever it is made of. Stops at the first. */
function excessOf(value: unknown): Excess | undefined {
  let values = 0;
  const look = (filter: unknown, depth: number): Excess | undefined => {
    if (!isObject(filter)) return undefined;
    if (depth > MAX_DEPTH)
      return { message: `and, or and not stand in each other more than ${MAX_DEPTH} deep`, path: [] };
    const { and, or, not, ...keys } = filter;
    const asked = Object.entries(keys);
    // An empty filter costs something, too.
    values += asked.reduce((sum, [, each]) => sum + valuesIn(each), asked.length === 0 ? 1 : 0);
    if (values > MAX_VALUES) return { message: `compares with more than ${MAX_VALUES} values`, path: [] };
    for (const key of Object.keys(keys)) {
      // Checked objects have no such key: it would be left out, and the rest would let too much pass.
      if (key === '__proto__') return { message: 'no metadata has such a key', path: [key] };
      if (key.length > MAX_KEY_CHARS) return { message: `a key has at most ${MAX_KEY_CHARS} characters`, path: [key] };
    }
    for (const nested of [and, or, [not]].flatMap((nested) => (Array.isArray(nested) ? nested : []))) {
      const found = look(nested, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return look(value, 0);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list too long by itself is refused where it stands. */
const valuesIn = (asked: unknown): number =>
  isObject(asked)
    ? Object.values(asked).reduce(
        (sum: number, each) => sum + (Array.isArray(each) ? Math.min(each.length, MAX_VALUES) : 1),
        0,
      )
    : 1;

export interface FilterParts {
  readonly all: readonly Filter[];
  readonly any: readonly Filter[] | undefined;
  readonly none: Filter | undefined;
  readonly keys: readonly (readonly [key: string, asked: FilterCondition])[];
}

/** What a filter consists of; everything must hold. */
export function partsOf({ and = [], or, not, ...keys }: Filter): FilterParts {
  const conditions = Object.entries(keys as Record<string, FilterValue | FilterCondition>);
  return {
    all: and,
    any: or,
    none: not,
    keys: conditions.map(([key, asked]) => [key, isCondition(asked) ? asked : { eq: asked }]),
  };
}

const isCondition = (asked: FilterValue | FilterCondition): asked is FilterCondition =>
  typeof asked === 'object' && asked !== null;
