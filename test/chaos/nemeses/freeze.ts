import { setTimeout as sleep } from 'node:timers/promises';
import { allReplicas } from '../system/layout.ts';
import { lasting, type Nemesis } from './nemesis.ts';

/** The broker takes a silent client for dead after about 26 seconds. */
const BEYOND_HEARTBEATS_MS = 32_000;

export const freeze: Nemesis = {
  name: 'freeze',
  about: 'SIGSTOP of one replica of a service for seconds, now and then for longer than heartbeats allow',
  targets: allReplicas,
  draw: lasting(1_000, 8_000, BEYOND_HEARTBEATS_MS),
  async strike(system, { target, forMs }) {
    const replica = system.replica(target);
    replica.signal('SIGSTOP');
    await sleep(forMs);
    replica.signal('SIGCONT');
  },
};
