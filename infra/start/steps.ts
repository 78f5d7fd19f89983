const REMIND_EVERY_MS = 10_000;

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Tells one line to whoever waits. It goes to stderr, so that stdout stays the command's own. */
export const say = (line: string): void => void process.stderr.write(`    ${line}\n`);

/** Does one step of a start and tells it: what it waits for while it lasts, and how long it took. */
export async function step<T>(label: string, work: () => Promise<T>): Promise<T> {
  const since = performance.now();
  process.stderr.write(`  … ${label}\n`);
  const reminder = setInterval(() => say(`still at it: ${label} (${seconds(since)})`), REMIND_EVERY_MS);
  try {
    const result = await work();
    process.stderr.write(`  ✓ ${label} (${seconds(since)})\n`);
    return result;
  } catch (error) {
    process.stderr.write(`  ✗ ${label} (${seconds(since)})\n`);
    throw error;
  } finally {
    clearInterval(reminder);
  }
}
