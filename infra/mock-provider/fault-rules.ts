import { z } from 'zod';
import { Fault } from './fault.ts';

/** A fault set at run time: for which requests, and for how many of them (all, when `times` is absent). */
export const FaultRule = z.strictObject({
  /** Both match to the letter, with `*` for anything; absent matches every request. */
  match: z.strictObject({ model: z.string().optional(), path: z.string().optional() }).optional(),
  fault: Fault,
  times: z.int().positive().optional(),
});
export type FaultRule = z.infer<typeof FaultRule>;

/** The faults that are set now. */
export interface FaultRules {
  /** @throws {z.ZodError} for what is no rule */
  add(rule: FaultRule): void;
  clear(): void;
  list(): readonly FaultRule[];
  /** The faults of all rules for this request in one, later rules first; it counts as one time of each. */
  take(path: string, model: string | undefined): Fault;
}

const MOST_RULES = 1_000;

const matches = (pattern: string | undefined, text: string): boolean => {
  if (pattern === undefined) return true;
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
};

export function faultRules(): FaultRules {
  let rules: { readonly rule: FaultRule; left: number }[] = [];
  return {
    add: (given) => {
      const rule = FaultRule.parse(given);
      rules = [...rules, { rule, left: rule.times ?? Number.POSITIVE_INFINITY }].slice(-MOST_RULES);
    },
    clear: () => {
      rules = [];
    },
    list: () => rules.map(({ rule, left }) => (Number.isFinite(left) ? { ...rule, times: left } : rule)),
    take: (path, model) => {
      const hit = rules.filter(
        ({ rule: { match } }) => matches(match?.path, path) && matches(match?.model, model ?? ''),
      );
      for (const each of hit) each.left -= 1;
      rules = rules.filter(({ left }) => left > 0);
      return Object.assign({}, ...hit.map(({ rule }) => rule.fault)) as Fault;
    },
  };
}
