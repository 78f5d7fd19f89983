import type { QueueInfo } from '../../../shared/bus/bus.ts';
import type { GatewayBus } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { Draft } from './draft.ts';

/** The queues are looked at no more often than this, and only while somebody submits. */
const LOOK_EVERY_MS = 1_000;
/** What was seen longer ago says nothing any more. */
const STALE_MS = 10_000;
const RETRY_AFTER_S = 5;

export interface Bounds {
  /** Messages in one lane. */
  readonly lane: number;
  /** Messages in one journal. */
  readonly journal: number;
}

/** Services in whose lanes a job of this type leaves commands. */
const SERVICES_OF: Readonly<Record<Draft['type'], readonly string[]>> = {
  embed: ['embedder'],
  generate: ['generator'],
  search: ['embedder', 'rag-orchestrator'],
  ask: ['embedder', 'rag-orchestrator', 'generator'],
  ingest: ['rag-orchestrator', 'embedder'],
  reembed: ['rag-orchestrator', 'embedder'],
};

/**
 * Whether the broker has room for more work. New work is refused while its queues are too long: long before the broker's
 * memory or disk suffers, and early enough that what was accepted is not held up.
 */
export class Congestion {
  readonly #bus: Pick<GatewayBus, 'queues'>;
  readonly #bounds: Bounds;
  #seen: { readonly at: number; readonly long: readonly QueueInfo[] } = { at: 0, long: [] };
  #looking = false;

  constructor(bus: Pick<GatewayBus, 'queues'>, bounds: Bounds) {
    this.#bus = bus;
    this.#bounds = bounds;
  }

  /** @throws {Problem} overloaded */
  refuse({ type, priority }: Pick<Draft, 'type' | 'priority'>): void {
    this.#look();
    if (Date.now() - this.#seen.at > STALE_MS) return;
    const blocking = this.#seen.long.find(({ kind, name }) => kind === 'journal' || isLaneOf(name, type, priority));
    if (blocking === undefined) return;
    throw new Problem('overloaded', `${blocking.depth} messages wait in ${blocking.name} already, try again later`, {
      headers: { 'Retry-After': String(RETRY_AFTER_S) },
    });
  }

  #look(): void {
    const now = Date.now();
    if (this.#looking || now - this.#seen.at < LOOK_EVERY_MS) return;
    this.#looking = true;
    void this.#bus
      .queues()
      .then((queues) => {
        this.#seen = { at: Date.now(), long: queues.filter((queue) => this.#isLong(queue)) };
      })
      .catch(() => undefined) // a broker that cannot be asked refuses by itself
      .finally(() => {
        this.#looking = false;
      });
  }

  #isLong({ kind, depth }: QueueInfo): boolean {
    if (kind === 'lane') return depth >= this.#bounds.lane;
    return kind === 'journal' && depth >= this.#bounds.journal;
  }
}

/** Lanes are named `<service>.<pool>.<priority>`. */
const isLaneOf = (lane: string, type: Draft['type'], priority: string): boolean =>
  SERVICES_OF[type].some((service) => lane.startsWith(`${service}.`) && lane.endsWith(`.${priority}`));
