import { readdir, readFile } from 'node:fs/promises';

const PAGE_BYTES = 4096;
const MB = 1024 * 1024;

/** What one process holds at a moment. */
export interface Holding {
  readonly rssMb: number;
  readonly files: number;
}

/** Memory and open files of a process, from /proc; undefined when it has gone. */
export async function holdingOf(pid: number): Promise<Holding | undefined> {
  try {
    const [statm, files] = await Promise.all([readFile(`/proc/${pid}/statm`, 'utf8'), readdir(`/proc/${pid}/fd`)]);
    return { rssMb: (Number(statm.split(' ')[1]) * PAGE_BYTES) / MB, files: files.length };
  } catch {
    return undefined;
  }
}

/** Looks at processes every so often, and remembers. */
export class Watch {
  readonly #pids: () => Promise<Readonly<Record<string, number>>>;
  readonly #timer: NodeJS.Timeout;
  readonly samples = new Map<string, Holding[]>();

  constructor(pids: () => Promise<Readonly<Record<string, number>>>, everyMs: number) {
    this.#pids = pids;
    this.#timer = setInterval(() => void this.look().catch(() => undefined), everyMs);
  }

  async look(): Promise<void> {
    for (const [name, pid] of Object.entries(await this.#pids())) {
      const holding = await holdingOf(pid);
      if (holding !== undefined) this.samples.set(name, [...(this.samples.get(name) ?? []), holding]);
    }
  }

  most(name: string): number {
    return Math.max(...(this.samples.get(name) ?? []).map(({ rssMb }) => rssMb));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
