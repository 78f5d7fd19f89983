import { CommanderError } from 'commander';
import { RefusedError, UnreachableError, UsageError } from './errors.ts';

/** What the command's exit code means; a part of its contract. */
export const EXIT = {
  ok: 0,
  /** A job or a document failed, or the gateway could not do what was asked. */
  failed: 1,
  /** The command line needs mending, or nobody said yes. */
  usage: 2,
  /** No gateway answers. */
  unreachable: 3,
  notFound: 4,
  /** The key is missing, wrong or not allowed to do this. */
  unauthorised: 5,
  /** Ctrl-C. What was submitted goes on in the server. */
  interrupted: 130,
} as const;

const BY_STATUS: Readonly<Record<number, number>> = {
  400: EXIT.usage,
  401: EXIT.unauthorised,
  403: EXIT.unauthorised,
  404: EXIT.notFound,
  422: EXIT.usage,
};

/** The exit code that an error deserves. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof UnreachableError) return EXIT.unreachable;
  if (error instanceof RefusedError) return BY_STATUS[error.status] ?? EXIT.failed;
  return EXIT.failed;
}
