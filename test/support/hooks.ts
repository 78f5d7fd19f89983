import { stopSystem } from '../e2e/system.ts';

/** Root hooks of every run. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(120_000);
    await stopSystem();
  },
};
