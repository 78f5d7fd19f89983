const REMIND_EVERY_MS = 10_000;

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * Does one step of a start and tells it: what it waits for while it lasts, and how long it took.
 * Lines go to stderr, so that stdout stays the command's own.
 * @template T
 * @param {string} label
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(label, work) {
  const since = performance.now();
  const say = (line) => process.stderr.write(`${line}\n`);
  say(`  … ${label}`);
  const reminder = setInterval(() => say(`    still at it: ${label} (${seconds(since)})`), REMIND_EVERY_MS);
  try {
    const result = await work();
    say(`  ✓ ${label} (${seconds(since)})`);
    return result;
  } catch (error) {
    say(`  ✗ ${label} (${seconds(since)})`);
    throw error;
  } finally {
    clearInterval(reminder);
  }
}
