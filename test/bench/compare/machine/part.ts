import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { endAtExit } from './at-exit.ts';

const STOP_TIMEOUT_MS = 30_000;
const READY_TIMEOUT_MS = 60_000;

export interface PartOptions {
  /** What it is in its system, e.g. `worker`. */
  readonly role: string;
  readonly command: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** File that takes what it prints. */
  readonly log: string;
  /** It says `{type: 'ready'}` by Node's channel between processes. */
  readonly tells?: boolean;
}

/** To the whole process group: what a part has started ends with it. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // it has ended
  }
}

/** One process of a system, with its children, in a process group of its own. */
export class Part {
  readonly role: string;
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #ended: Promise<unknown>;
  #hasEnded = false;

  constructor({ role, command: [program = '', ...args], env = {}, log, tells = false }: PartOptions) {
    this.role = role;
    this.#log = log;
    const output = openSync(log, 'a');
    const stdio = ['ignore', output, output, ...(tells ? (['ipc'] as const) : [])] as const;
    this.#child = spawn(program, args, { stdio: [...stdio], detached: true, env });
    closeSync(output);
    const letGo = endAtExit(() => signal(this.#child, 'SIGKILL'));
    this.#ended = new Promise<void>((resolve) => {
      const end = () => {
        letGo();
        this.#hasEnded = true;
        resolve();
      };
      this.#child.once('exit', end).once('error', end);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves with what it tells once it is ready. */
  async told(): Promise<{ readonly url?: string }> {
    const [message] = await Promise.race([
      once(this.#child, 'message', { signal: AbortSignal.timeout(READY_TIMEOUT_MS) }),
      this.#ended.then(() => []),
    ]);
    if (message === undefined) throw this.failure();
    return message as { url?: string };
  }

  /** Resolves when `check` is true. @throws Error with its last words when it ends before */
  async until(check: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (!(await check().catch(() => false))) {
      if (this.hasEnded || performance.now() > deadline) throw this.failure();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Asks it to end, and ends it when it has not done so in time. */
  async stop(withinMs = STOP_TIMEOUT_MS): Promise<void> {
    if (this.hasEnded) return;
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => signal(this.#child, 'SIGKILL'), withinMs);
    await this.#ended;
    clearTimeout(late);
    signal(this.#child, 'SIGKILL'); // children that it left behind
  }

  /** Ends it and its children without a word. */
  async kill(): Promise<void> {
    signal(this.#child, 'SIGKILL');
    await this.#ended;
  }

  /** Resolves when it has ended well. @throws Error with its last words when it has not, or takes too long */
  async done(withinMs: number): Promise<void> {
    const late = setTimeout(() => signal(this.#child, 'SIGKILL'), withinMs);
    await this.#ended;
    clearTimeout(late);
    if (this.#child.exitCode !== 0) throw this.failure();
  }

  failure(): Error {
    const words = readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
    return new Error(`the ${this.role} ${this.hasEnded ? 'ended' : 'was not ready in time'}:\n${words}`);
  }
}

export async function stopAll(parts: readonly Part[]): Promise<void> {
  await Promise.all(parts.map((part) => part.stop()));
}
