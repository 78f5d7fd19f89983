import type { Logger } from 'pino';
import type { BusOptions } from './bus.ts';
import type { Link } from './connection.ts';
import { declareTopology } from './declare.ts';
import { pause } from './pause.ts';
import { REDECLARE_AFTER_MS } from './redeclare.ts';
import { type QueueSpec, topology } from './topology.ts';

const DECLARE_TIMEOUT_MS = 10_000;

/** Knows which pools there are, and makes again what somebody deleted. */
export class TopologyKeeper {
  readonly #link: Link;
  readonly #partitions: number;
  readonly #pools: Set<string>;
  readonly #log: Logger;
  #mending: Promise<void> | undefined;

  constructor(link: Link, { partitions, pools = [], log }: BusOptions) {
    this.#link = link;
    this.#partitions = partitions;
    this.#pools = new Set(pools);
    this.#log = log;
  }

  get queues(): readonly QueueSpec[] {
    return topology(this.#partitions, [...this.#pools]).queues;
  }

  /** @throws {TopologyError} */
  declare(signal = new AbortController().signal): Promise<void> {
    return declareTopology(this.#link, topology(this.#partitions, [...this.#pools]), signal);
  }

  /** Makes again what is missing. Never rejects: whoever asked for it tries again in any case. */
  mend(): Promise<void> {
    this.#mending ??= this.#mend().finally(() => {
      this.#mending = undefined;
    });
    return this.#mending;
  }

  /** Makes the lanes of pools that are new. Never rejects, as `mend`. */
  async know(pools: Iterable<string>): Promise<void> {
    const before = this.#pools.size;
    for (const pool of pools) this.#pools.add(pool);
    if (this.#pools.size > before) await this.#declareOrSay();
  }

  async #mend(): Promise<void> {
    await pause(REDECLARE_AFTER_MS);
    await this.#declareOrSay();
  }

  async #declareOrSay(): Promise<void> {
    try {
      await this.declare(AbortSignal.timeout(DECLARE_TIMEOUT_MS));
    } catch (error) {
      this.#log.error({ err: error }, 'the topology could not be declared');
    }
  }
}
