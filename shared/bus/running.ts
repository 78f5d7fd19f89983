import type { Command } from '../messages/command.ts';
import { metrics } from '../metrics/metrics.ts';
import type { Cancel } from './control.ts';
import type { Delivery } from './delivery.ts';
import { AbortedError } from './errors.ts';

/** A command under way. */
export interface Run {
  readonly command: Command;
  readonly abort: AbortController;
  /** More than one when the command was delivered again meanwhile: all are answered when it ends. */
  readonly deliveries: Delivery[];
  /** The command comes again by a message of its own: what is delivered from now on is that, and no part of this run. */
  sealed: boolean;
}

/** The commands under way in this process, by id. */
export class Running {
  readonly #runs = new Map<string, Run>();
  readonly #awaitingIdle: (() => void)[] = [];

  get count(): number {
    return this.#runs.size;
  }

  /** Adds a delivery to the run of the same command; false when there is none that it may join. */
  join(id: string, delivery: Delivery): boolean {
    const run = this.#runs.get(id);
    if (run === undefined || run.sealed) return false;
    run.deliveries.push(delivery);
    return true;
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#runs.size === 0) resolve();
      else this.#awaitingIdle.push(resolve);
    });
  }

  begin(command: Command, delivery: Delivery): Run {
    const run: Run = { command, abort: new AbortController(), deliveries: [delivery], sealed: false };
    this.#runs.set(command.id, run);
    metrics.inFlight.set(this.#runs.size);
    return run;
  }

  end(run: Run): void {
    const { id } = run.command;
    if (this.#runs.get(id) === run) this.#runs.delete(id);
    metrics.inFlight.set(this.#runs.size);
    if (this.#runs.size === 0) for (const resolve of this.#awaitingIdle.splice(0)) resolve();
  }

  cancel({ job, replay }: Cancel): void {
    for (const { command, abort } of this.#runs.values()) {
      if (command.job === job && command.replay <= replay) abort.abort(new AbortedError('cancelled'));
    }
  }

  abortAll(reason: AbortedError['reason']): void {
    for (const { abort } of this.#runs.values()) abort.abort(new AbortedError(reason));
  }
}
