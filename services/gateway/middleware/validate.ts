import type { z } from 'zod';
import { nestedTooDeep } from '../nesting.ts';
import { type Fault, Problem } from '../problem.ts';

const MAX_FAULTS = 20;

/**
 * Checks what a client sent against a schema.
 * @throws {Problem} validation_failed, naming every fault by its JSON pointer
 */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  if (nestedTooDeep(value)) throw validationFailed([{ pointer: '', detail: 'is nested too deeply' }]);
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw validationFailed(parsed.error.issues.flatMap(faultsOf));
  return parsed.data;
}

export function validationFailed(faults: readonly Fault[]): Problem {
  const shown = faults.slice(0, MAX_FAULTS);
  const first = shown[0];
  const summary = first === undefined ? 'the request is not valid' : `${first.pointer || 'the body'}: ${first.detail}`;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new Problem('validation_failed', summary + more, { errors: shown });
}

type Issue = z.core.$ZodIssue;

function faultsOf(issue: Issue): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: pointerTo([...issue.path, key]), detail: 'is not a field here' }));
  }
  const nearest = issue.code === 'invalid_union' ? nearestOption(issue) : [];
  if (nearest.length > 0)
    return nearest.flatMap((inner) => faultsOf({ ...inner, path: [...issue.path, ...inner.path] }));
  return [{ pointer: pointerTo(issue.path), detail: detailOf(issue) }];
}

/** Of several forms a value may have, the faults of the one that was meant: of its kind, but not as it should be. */
const nearestOption = ({ errors }: z.core.$ZodIssueInvalidUnion): readonly Issue[] =>
  errors.find((issues) => issues.every(({ code, path }) => path.length > 0 || !OTHER_KIND.has(code))) ?? [];

const OTHER_KIND = new Set<Issue['code']>(['invalid_type', 'invalid_value', 'invalid_union']);

const detailOf = (issue: Issue): string =>
  issue.code === 'invalid_type' && issue.message.endsWith('received undefined') ? 'is missing' : issue.message;

/** RFC 6901. */
export const pointerTo = (path: readonly PropertyKey[]): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
