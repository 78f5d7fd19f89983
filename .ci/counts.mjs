import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

const { EVENT_RUN_END, EVENT_TEST_RETRY } = Mocha.Runner.constants;

/**
 * Mocha's spec reporter that also tells which tests were tried again and why, and leaves its counts behind: one line of
 * JSON per run, appended to the file named by TEST_COUNTS. A run that never reaches its end leaves no line, so a crash
 * cannot pass for a success.
 */
export default class Counts extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const again = [];
    runner.on(EVENT_TEST_RETRY, (test, error) => again.push(`  ${test.fullTitle()}: ${error.message}`));
    runner.once(EVENT_RUN_END, () => {
      if (again.length > 0) console.log(`  Tried again, because they measure the machine, too:\n${again.join('\n')}\n`);
      const { passes, failures, pending } = this.stats;
      const counts = JSON.stringify({ passed: passes, failed: failures, skipped: pending });
      if (process.env.TEST_COUNTS !== undefined) appendFileSync(process.env.TEST_COUNTS, `${counts}\n`);
    });
  }
}
