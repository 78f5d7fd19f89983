/** A failure whose message says all that its reader needs: it is shown without a stack. */
export class ExpectedFailure extends Error {
  override readonly name = 'ExpectedFailure';
}

/** Shows why a command failed, and makes the process end with 1. */
export function reportFailure(error: unknown): void {
  process.stderr.write(`${error instanceof ExpectedFailure ? error.message : describe(error)}\n`);
  process.exitCode = 1;
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
