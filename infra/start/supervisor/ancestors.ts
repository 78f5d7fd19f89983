import { existsSync, readFileSync } from 'node:fs';
import { isRunning } from '../broker/broker-process.ts';

/** Of a process of this machine, where the system tells (Linux). */
const read = (pid: number, what: 'cmdline' | 'status'): string => {
  const file = `/proc/${pid}/${what}`;
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

const parentOf = (pid: number): number => Number(/^PPid:\s*(\d+)/m.exec(read(pid, 'status'))?.[1] ?? 0);

/** npm runs a script by way of a shell, which may stay between the two. */
const isNpmsShell = (pid: number): boolean => read(pid, 'cmdline').includes('bootstrap.mjs');

/**
 * The processes without which nobody is left who could stop us: npm, when it runs us, and its shell. A npm that is
 * killed passes no signal on.
 */
export function ancestorsToWatch(): number[] {
  if (process.env.npm_lifecycle_event === undefined) return [];
  const parent = process.ppid;
  const above = isNpmsShell(parent) ? parentOf(parent) : 0;
  return above > 1 ? [parent, above] : [parent];
}

/** A parent that has gone may stay as a zombie for a while, but it is our parent no longer. */
export const isStillThere = (pid: number, index: number): boolean =>
  index === 0 ? process.ppid === pid : isRunning(pid);
