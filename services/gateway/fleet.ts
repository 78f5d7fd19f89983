import type { BreakerState, WorkerAlive } from '../../shared/bus/alive.ts';

/** A worker not heard of for so long is gone; it tells every 5 s. */
const SILENCE_MS = 15_000;

/** The workers that were heard of lately, by what each tells about itself. */
export class Fleet {
  readonly #heard = new Map<string, { worker: WorkerAlive; at: number }>();

  heard(worker: WorkerAlive, now = Date.now()): void {
    this.#heard.set(worker.id, { worker, at: now });
  }

  workers(now = Date.now()): WorkerAlive[] {
    for (const [id, { at }] of this.#heard) if (now - at > SILENCE_MS) this.#heard.delete(id);
    return [...this.#heard.values()].map(({ worker }) => worker).sort((a, b) => a.id.localeCompare(b.id));
  }

  breakers(now = Date.now()): { provider: string; service: string; worker: string; state: BreakerState }[] {
    return this.workers(now).flatMap(({ id, service, breakers }) =>
      Object.entries(breakers).map(([provider, state]) => ({ provider, service, worker: id, state })),
    );
  }
}
