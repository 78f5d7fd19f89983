import type { Bus } from '../../../shared/bus/bus.ts';
import { GenerationDropped } from '../../../shared/messages/reembedding.ts';
import type { Database } from '../../../shared/store/database.ts';
import {
  abandonOrphans,
  droppedGenerations,
  dropRetired,
  hasInactive,
  shrinkDropped,
} from '../../../shared/store/generations.ts';

/** Vectors deleted in one statement, and statements in one sweep: others want the database, too. */
const BATCH_VECTORS = 1_000;
const BATCHES = 10;

interface Options {
  readonly db: Database;
  readonly bus: Pick<Bus, 'append'>;
  /** How long a retired generation is kept. */
  readonly rollbackTtlS: number;
}

/**
 * Gives up what ended jobs were building, drops what was kept long enough, and deletes what was dropped, bit by bit.
 * Every orchestrator may do so at once.
 */
export class GenerationUpkeep {
  readonly #options: Options;
  /** Generations of whose end the ingests under way were told; telling them again changes nothing. */
  readonly #told = new Set<number>();

  constructor(options: Options) {
    this.#options = options;
  }

  async sweep(): Promise<void> {
    const { db, rollbackTtlS } = this.#options;
    if (!(await hasInactive(db))) return;
    await abandonOrphans(db);
    await dropRetired(db, rollbackTtlS);
    let left = BATCHES;
    for (const { id, ingests } of await droppedGenerations(db)) {
      await this.#tell(id, ingests);
      for (let gone = false; !gone && left > 0; left -= 1) gone = await shrinkDropped(db, id, BATCH_VECTORS);
    }
  }

  /** An ingest that split a document before the end waits for vectors that nobody may be there to make. */
  async #tell(generation: number, ingests: readonly string[]): Promise<void> {
    if (this.#told.has(generation)) return;
    const event = GenerationDropped({ generation });
    const at = Date.now();
    await this.#options.bus.append(
      ingests.map((job) => ({ id: `${job}/${event.type}/${generation}`, job, at, event })),
    );
    this.#told.add(generation);
  }
}
