import type { Outcome } from '../history.ts';

/** Refusals that leave no doubt: no job was made. */
const CLEAR = new Set(['draining', 'overloaded', 'rate_limited', 'validation_failed', 'idempotency_key_reused']);
const PASSING = new Set(['draining', 'overloaded', 'rate_limited']);

/** What it means that a gateway refused with this code. An outage leaves it open whether there is a job. */
export const refusal = (code: string): Outcome =>
  CLEAR.has(code) || /^4\d\d$/.test(code) ? { is: 'refused', code } : { is: 'unknown', why: code };

/** Whether the same wish may be taken a moment later. */
export const mayPass = (code: string): boolean => PASSING.has(code);
