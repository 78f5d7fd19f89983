import { TerminalError } from '../../../../shared/bus/errors.ts';
import { HttpRefusal } from '../../../../shared/resilience/refusal.ts';

/** What servers answer to more texts than they take: TEI 413 or 422, others 400. */
const REFUSALS = new Set([400, 413, 422]);

/** Whether a server refused a request because of the number of its texts, not because of one of them. */
export const isTooMany = (error: unknown): boolean =>
  error instanceof TerminalError &&
  error.cause instanceof HttpRefusal &&
  REFUSALS.has(error.cause.status) &&
  /batch/i.test(error.message);
