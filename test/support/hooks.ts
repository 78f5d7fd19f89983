import { stopSystem } from '../e2e/system.ts';

/** Longer than anything takes that ends by itself. */
const LEFT_OPEN_MS = 20_000;

/** Root hooks of every run. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(120_000);
    setTimeout(tellAndLeave, LEFT_OPEN_MS).unref();
    await stopSystem();
  },
};

/** A test left something open that keeps the process alive: the run ends all the same, and says so. */
function tellAndLeave(): void {
  process.stderr.write(`\nStill open after the last test: ${process.getActiveResourcesInfo().join(', ')}\n`);
  process.exit();
}
