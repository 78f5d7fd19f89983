import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs, less, memoryMb, total } from '../machine/usage.ts';
import type { Phase } from './phase.ts';

const SETTLE_MS = 3_000;

export const idle: Phase = {
  name: 'idle',
  about: 'CPU and memory of all processes while nothing is asked of them',
  async run({ running, scale }) {
    await sleep(SETTLE_MS);
    const before = cpuMs(running.processes());
    await sleep(scale.idleMs);
    const used = less(cpuMs(running.processes()), before);
    const percent = (ms: number) => (100 * ms) / scale.idleMs;
    const memory = memoryMb(running.processes());
    return {
      'idle.cpu': percent(total(used)),
      ...Object.fromEntries(Object.entries(used).map(([role, ms]) => [`idle.cpu.${role}`, percent(ms)])),
      'idle.memory': total(memory),
      ...Object.fromEntries(Object.entries(memory).map(([role, mb]) => [`idle.memory.${role}`, mb])),
    };
  },
};
