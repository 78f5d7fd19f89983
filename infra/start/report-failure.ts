import { ExpectedFailure } from './expected-failure.ts';

/** Shows why a command failed, and makes the process end with 1. */
export function reportFailure(error: unknown): void {
  process.stderr.write(`${error instanceof ExpectedFailure ? error.message : describe(error)}\n`);
  process.exitCode = 1;
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
