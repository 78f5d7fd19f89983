import { setTimeout as sleep } from 'node:timers/promises';
import type { MockProvider } from '../../../infra/mock-provider/start-mock-provider.ts';
import type { Nemesis } from './nemesis.ts';

type Fault = Parameters<MockProvider['faults']['add']>[0]['fault'];

/** Errors that may pass: none of them is a reason for a job to fail as long as there are attempts left. */
const FAULTS: Readonly<Record<string, Fault>> = {
  unavailable: { status: 503 },
  'rate limit': { status: 429, retry_after: 1 },
  slow: { delay_ms: 1_500 },
  hang: { hang: 'headers' },
  'hang in mid-stream': { hang: 'stream' },
  reset: { reset: 'headers' },
  'reset in mid-stream': { reset: 'stream' },
  truncated: { truncate: true },
  malformed: { malformed: true },
};

export const providerFaults: Nemesis = {
  name: 'provider-faults',
  about: 'the provider of models refuses, hangs, breaks off or talks rubbish',
  targets: () => Object.keys(FAULTS),
  draw: (random) => ({ forMs: random.int(1_000, 5_000) }),
  async strike({ provider }, { target, forMs }) {
    provider.faults.add({ fault: FAULTS[target] ?? {} });
    await sleep(forMs);
    provider.faults.clear();
  },
};
