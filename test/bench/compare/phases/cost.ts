import { cpuMs, less, total } from '../machine/usage.ts';
import type { Running } from '../systems/system.ts';
import type { Figures } from './phase.ts';

const US_PER_MS = 1000;

/** Begins to count the CPU time of all processes; what it returns says how much each of so many jobs took, in µs. */
export function countCpu(running: Running): (key: string, jobs: number) => Figures {
  const before = cpuMs(running.processes());
  return (key, jobs) => {
    const used = less(cpuMs(running.processes()), before);
    const perJob = (ms: number) => (ms * US_PER_MS) / jobs;
    const byRole = Object.entries(used).map(([role, ms]) => [`${key}.cpu.${role}`, perJob(ms)]);
    return { [`${key}.cpu`]: perJob(total(used)), ...Object.fromEntries(byRole) };
  };
}
