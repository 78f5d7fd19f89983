import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Counts } from '../../infra/mock-provider/counters.ts';

/** A mock provider in a process of its own, as a model would be: it shares no event loop with who measures. */
export interface MockProcess {
  readonly url: string;
  counts(): Promise<Counts>;
  /** Forgets counts and faults. */
  reset(): Promise<void>;
  stop(): Promise<void>;
  /** Ends it without waiting. */
  kill(): void;
}

export async function startMockProcess(): Promise<MockProcess> {
  const program = new URL('../../infra/mock-provider/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', program, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const url = /http:\/\/[\d.]+:\d+/.exec(said.toString())?.[0];
  if (url === undefined) throw new Error(`the mock provider said: ${said}`);
  return {
    url,
    counts: async () => (await (await fetch(`${url}/control/counts`)).json()) as Counts,
    reset: async () => {
      await fetch(`${url}/control/reset`, { method: 'POST' });
    },
    kill: () => void child.kill('SIGKILL'),
    stop: async () => {
      const ended = once(child, 'exit');
      child.stdout.destroy();
      child.kill('SIGKILL'); // it has nothing to lose
      await ended;
    },
  };
}
