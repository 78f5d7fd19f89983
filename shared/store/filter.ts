import { type Filter, type FilterCondition, type FilterValue, partsOf } from '../messages/filter.ts';
import { cleanJson } from './clean.ts';

/*
 * A filter as a jsonpath predicate, to be matched as one parameter: `metadata @@ $1::jsonpath`. An index of class
 * jsonb_path_ops serves its equalities. Every comparison stands inside an `exists(… ? (…))`, which knows true and false
 * only: what cannot be compared, a number with a string, is false there, and `!` turns it into true.
 */

const NOTHING_ASKED = '1 == 1';

/** Text of the jsonpath. Values and keys get into it as JSON strings, whose escapes are jsonpath's own. */
export function filterPath(filter: Filter): string {
  const { all, any, none, keys } = partsOf(filter);
  return both([
    ...keys.map(([key, asked]) => condition(key, asked)),
    ...all.map(filterPath),
    ...(any === undefined ? [] : [either(any.map(filterPath))]),
    ...(none === undefined ? [] : [`!(${filterPath(none)})`]),
  ]);
}

function condition(key: string, { exists, ...compared }: FilterCondition): string {
  const tests = both(
    Object.entries(compared).flatMap(([name, value]) =>
      value === undefined ? [] : comparison(name as keyof typeof compared, value),
    ),
  );
  const paths = pathsOf(key);
  const found = either(paths.map((path) => `exists(${path}${tests === NOTHING_ASKED ? '' : ` ? (${tests})`})`));
  if (exists !== false) return found;
  const missing = `!(${either(paths.map((path) => `exists(${path})`))})`;
  return tests === NOTHING_ASKED ? missing : both([missing, found]);
}

const SIGNS = { eq: '==', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

const comparison = (name: keyof typeof SIGNS | 'in', value: FilterValue | FilterValue[]): string =>
  name === 'in'
    ? either([value].flat().map((item) => `@ == ${cleanJson(item)}`))
    : `@ ${SIGNS[name]} ${cleanJson(value)}`;

/** A key with dots names a key, or a path through nested objects. */
const pathsOf = (key: string): string[] =>
  key.includes('.') ? [pathOf([key]), pathOf(key.split('.'))] : [pathOf([key])];

const pathOf = (steps: readonly string[]): string => ['$', ...steps.map(cleanJson)].join('.');

const both = (parts: readonly string[]): string => joined(parts, '&&') ?? NOTHING_ASKED;
const either = (parts: readonly string[]): string => joined(parts, '||') ?? `!(${NOTHING_ASKED})`;

const joined = (parts: readonly string[], sign: string): string | undefined =>
  parts.length < 2 ? parts[0] : parts.map((part) => `(${part})`).join(` ${sign} `);
