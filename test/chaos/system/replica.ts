import type { ChildProgram } from '../../../infra/start/supervisor/child-run.ts';
import { type SupervisedChild, superviseChild } from '../../../infra/start/supervisor/supervised-child.ts';

const READY_TIMEOUT_MS = 120_000;
const DRAIN_MS = 25_000;

/** One supervised process of the system: started again whenever it ends, unless it was told to stay away. */
export class Replica {
  readonly name: string;
  readonly #program: ChildProgram;
  readonly #crashed: (line: string) => void;
  #child: SupervisedChild | undefined;
  /** The next end is our doing. */
  #condemned: number | undefined;
  #changing: Promise<unknown> = Promise.resolve();

  /** @param crashed takes a line about an end that nobody brought about */
  constructor(program: ChildProgram, crashed: (line: string) => void) {
    this.name = program.name;
    this.#program = program;
    this.#crashed = crashed;
  }

  /** Resolves when it is ready. */
  start(): Promise<{ readonly url?: string }> {
    return this.#inTurn(() => this.#start());
  }

  /** Tells it to drain and waits; it stays away until it is started. */
  retire(): Promise<void> {
    return this.#inTurn(async () => {
      const child = this.#child;
      this.#child = undefined;
      await child?.stop(DRAIN_MS);
    });
  }

  async #start(): Promise<{ readonly url?: string }> {
    this.#child ??= superviseChild(this.#program, {
      onChange: (state) => {
        if (state.is === 'waiting' && this.#condemned === undefined) this.#crashed(`${this.name}: ${state.why}`);
        if (state.is === 'waiting') this.#condemned = undefined;
      },
      tell: () => undefined,
    });
    return await this.#child.untilReady(READY_TIMEOUT_MS);
  }

  get pid(): number | undefined {
    const state = this.#child?.state();
    return state !== undefined && 'pid' in state ? state.pid : undefined;
  }

  /** False when there is no process to send it to. */
  signal(signal: NodeJS.Signals): boolean {
    const { pid } = this;
    if (pid === undefined) return false;
    if (signal === 'SIGKILL' || signal === 'SIGTERM') this.#condemned = pid;
    return this.#child !== undefined && kill(pid, signal);
  }

  /** Two disturbances may want it to go and to come at the same time. */
  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#changing.then(act);
    this.#changing = result.catch(() => undefined);
    return result;
  }

  /** Ends it whatever state it is in. */
  abandon(): void {
    const { pid } = this;
    this.#child?.abandon();
    if (pid !== undefined) kill(pid, 'SIGKILL');
    this.#child = undefined;
  }
}

function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // it has just ended
  }
}
