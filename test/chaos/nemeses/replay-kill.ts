import { spawn } from 'node:child_process';
import { once as event } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT_ROOT } from '../../../infra/start/project-root.ts';
import type { Nemesis } from './nemesis.ts';

const PROGRAM = join(PROJECT_ROOT, 'dist/infra/scripts/replay.js');

export const replayKill: Nemesis = {
  name: 'replay-kill',
  about: 'all dead letters are replayed by the script, which is killed meanwhile',
  targets: () => ['dead-letters'],
  draw: (random) => ({ forMs: random.int(700, 3_000) }),
  async strike({ broker }, { forMs }) {
    const child = spawn(process.execPath, [PROGRAM, 'replay', '--yes', '--rate', '10'], {
      env: { ...process.env, AMQP_URL: broker.amqpUrl },
      stdio: 'ignore',
    });
    const ended = event(child, 'exit');
    await Promise.race([sleep(forMs), ended]);
    child.kill('SIGKILL');
    await ended;
  },
};
