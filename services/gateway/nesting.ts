const MAX_DEPTH = 64;

/** Whether a JSON value is nested so deeply that writing it as JSON again could overflow the stack of whoever does. */
export function nestedTooDeep(value: unknown, left = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  for (const inner of Object.values(value)) if (nestedTooDeep(inner, left - 1)) return true;
  return false;
}
