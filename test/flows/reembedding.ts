import { expect } from 'chai';
import type { Command } from '../../shared/messages/command.ts';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import { CommandFailed } from '../../shared/messages/outcome.ts';
import { type Event, type JournalRecord, recordOf } from '../../shared/messages/record.ts';
import {
  GenerationBegun,
  GenerationProbed,
  GenerationSwitched,
  GenerationUnready,
  PassagesGathered,
} from '../../shared/messages/reembedding.ts';
import { submitted, World } from './given.ts';

export const GENERATION = 7;
export const MODEL = 'next';
const WINDOW = 4;
const BATCH = 2;

/**
 * A collection as simple as can be: one edition whose passages are its positions. Those in `poison` kill their batch,
 * those in `late` come only when the rest was walked over.
 */
export class Collection {
  readonly stored = new Set<number>();
  readonly #passages: number;
  readonly #poison: readonly number[];
  readonly #late: number;
  readonly #recall: number;
  #walked = 0;
  switched = false;

  constructor({ passages = 0, poison = [] as number[], late = 0, recall = 1 } = {}) {
    this.#passages = passages;
    this.#poison = poison;
    this.#late = late;
    this.#recall = recall;
  }

  get #there(): number[] {
    return Array.from({ length: this.#passages + (this.#walked > 0 ? this.#late : 0) }, (_, ord) => ord);
  }

  /** Takes what the flow writes, as the turn would. */
  take(world: World): void {
    for (const write of world.writes) {
      if (write.kind !== 'built') continue;
      const ords = write.runs.flatMap(({ from, count }) => Array.from({ length: count }, (_, n) => from + n));
      expect(write.vectors, 'a vector a passage').to.have.lengthOf(ords.length);
      for (const [n, ord] of ords.entries()) {
        expect(write.vectors[n] ?? `text ${ord}`, 'the vector of this passage').to.equal(`text ${ord}`);
        this.stored.add(ord);
      }
    }
  }

  carryOut(command: Command): JournalRecord {
    return recordOf(command, this.#outcome(command), 1);
  }

  #outcome({ type, id, part, body }: Command): Event {
    switch (type) {
      case 'generation.begin':
        return GenerationBegun({ generation: GENERATION, model: MODEL, lacking: this.#passages });
      case 'passages.gather':
        return this.#gather((body as { after: { ord: number } }).after.ord);
      case 'texts.embed':
        return this.#embed(id, part, body as { batch: string; texts: string[] });
      case 'generation.probe': {
        const { from, vectors } = body as { from: number; vectors: string[] };
        return GenerationProbed({ generation: GENERATION, from, recalls: vectors.map(() => this.#recall) });
      }
      default:
        return this.#switch((body as { partial: boolean }).partial);
    }
  }

  #gather(after: number): Event {
    const left = this.#there.filter((ord) => ord > after && !this.stored.has(ord)).slice(0, WINDOW);
    const batches = [left.slice(0, BATCH), left.slice(BATCH)]
      .filter((ords) => ords.length > 0)
      .map((ords) => ({
        runs: ords.map((from) => ({ edition: 1, from, count: 1 })),
        texts: ords.map((ord) => `text ${ord}`),
      }));
    const last = left.length < WINDOW ? undefined : left.at(-1);
    return PassagesGathered({
      generation: GENERATION,
      batches,
      ...(last === undefined ? {} : { after: { edition: 1, ord: last } }),
    });
  }

  #embed(command: string, part: string, body: { batch: string; texts: string[] }): Event {
    if (body.texts.some((text) => this.#poison.some((ord) => text === `text ${ord}`))) {
      const error = { code: 'provider_error' as const, message: 'poison', retryable: false };
      return CommandFailed({ command, stage: 'texts.embed', part, dead_letter: 'dl', replay: 0, error, body });
    }
    const { batch, texts: vectors } = body;
    return TextsEmbedded({ batch, model: MODEL, dimensions: 1, vectors, provider: 'p', provider_ms: 1 });
  }

  #switch(partial: boolean): Event {
    this.#walked += 1;
    const lacking = this.#there.filter((ord) => !this.stored.has(ord)).length;
    const refused = this.#poison.length;
    const refusals = this.#poison.map((ord) => ({ document_id: 'd', passage_id: `p${ord}`, error: 'poison' }));
    const told = { generation: GENERATION, refused, refusals };
    if (lacking > 0 || (refused > 0 && !partial)) return GenerationUnready({ ...told, lacking });
    this.switched = true;
    return GenerationSwitched({ ...told, passages: this.#there.length - refused, dimensions: 1 });
  }
}

export const reembedding = (more: Record<string, unknown> = {}) =>
  new World().turn(
    submitted('reembed', { collection: 'c', embedding_model: 'Next', ...more }, { collection: 'c', priority: 'low' }),
  );

type Order = (waiting: JournalRecord[]) => JournalRecord[];

/** Runs everything sent until nothing is left; `order` may shuffle, repeat or hold back what comes next. */
export function run(world: World, collection: Collection, order: Order = (all) => all): void {
  let done = 0;
  let held: JournalRecord[] = [];
  for (let turns = 0; world.sent.length > done || held.length > 0; turns += 1) {
    if (turns > 1_000) throw new Error('the flow comes to no end');
    const fresh = world.sent.slice(done).map((command) => collection.carryOut(command));
    done = world.sent.length;
    const all = [...held, ...fresh];
    const next = order(all);
    held = all.filter((record) => !next.includes(record));
    world.turn(...next);
    collection.take(world);
  }
}

export const EVAL = {
  queries: Array.from({ length: 20 }, (_, n) => ({ _id: `q${n}`, text: `question ${n}` })),
  qrels: [],
  min_recall_at_10: 0.8,
};
