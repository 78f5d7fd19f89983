import { readdirSync, readFileSync } from 'node:fs';

/** Of /proc on every Linux that Node runs on (getconf CLK_TCK). */
const TICK_MS = 10;
const KB_PER_MB = 1024;

/** Processes of a system by their role, each with all of its descendants. */
export type Roots = readonly { readonly role: string; readonly pid: number }[];

/** By role. */
export type ByRole = Readonly<Record<string, number>>;

interface Process {
  readonly parent: number;
  /** Used by itself and by children that have ended. */
  readonly ticks: number;
}

/** Fields of /proc/PID/stat behind the program's name, which may hold anything. */
function parse(stat: string): Process {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent, ...times] = [1, 11, 12, 13, 14].map((n) => Number(fields[n]));
  return { parent: parent ?? 0, ticks: times.reduce((sum, ticks) => sum + ticks, 0) };
}

function processes(): ReadonlyMap<number, Process> {
  const all = new Map<number, Process>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      all.set(pid, parse(readFileSync(`/proc/${pid}/stat`, 'utf8')));
    } catch {
      // it has ended meanwhile
    }
  }
  return all;
}

/** Each process and the root it descends from, itself included. */
function families(roots: Roots): { role: string; pid: number; ticks: number }[] {
  const all = processes();
  const roles = new Map(roots.map(({ pid, role }) => [pid, role]));
  const roleOf = (pid: number): string | undefined => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = all.get(at)?.parent) {
      const role = roles.get(at);
      if (role !== undefined) return role;
    }
    return undefined;
  };
  return [...all].flatMap(([pid, { ticks }]) => {
    const role = roleOf(pid);
    return role === undefined ? [] : [{ role, pid, ticks }];
  });
}

function sum(roots: Roots, of: (process: { pid: number; ticks: number }) => number): ByRole {
  const sums: Record<string, number> = {};
  for (const process of families(roots)) sums[process.role] = (sums[process.role] ?? 0) + of(process);
  return sums;
}

/** CPU time used so far, in ms. */
export const cpuMs = (roots: Roots): ByRole => sum(roots, ({ ticks }) => ticks * TICK_MS);

/** Memory in MB. Pages that processes share are shared out between them (PSS); where that is secret, RSS. */
export const memoryMb = (roots: Roots): ByRole => sum(roots, ({ pid }) => memoryOf(pid));

function memoryOf(pid: number): number {
  const [file, field] = [`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+)/m] as const;
  try {
    return Number(field.exec(readFileSync(file, 'utf8'))?.[1] ?? 0) / KB_PER_MB;
  } catch {
    try {
      return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / KB_PER_MB;
    } catch {
      return 0; // it has ended meanwhile
    }
  }
}

export const total = (byRole: ByRole): number => Object.values(byRole).reduce((all, one) => all + one, 0);

/** Role by role; what one of both lacks counts as nothing. */
export const less = (now: ByRole, before: ByRole): ByRole =>
  Object.fromEntries(Object.entries(now).map(([role, value]) => [role, value - (before[role] ?? 0)]));
