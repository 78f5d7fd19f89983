import type { MockProvider } from '../../infra/mock-provider/start-mock-provider.ts';
import type { Warren } from '../support/warren.ts';
import type { Finding } from './finding.ts';

export interface Stage {
  readonly warren: Warren;
  readonly provider: MockProvider;
  /** Of the soak. */
  readonly minutes: number;
  say(line: string): void;
}

/** One limit, driven to its edge and beyond. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Settings of the system, beside the usual ones. */
  readonly env?: NodeJS.ProcessEnv;
  run(stage: Stage): Promise<readonly Finding[]>;
}
