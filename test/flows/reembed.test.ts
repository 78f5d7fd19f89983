import { expect } from 'chai';
import fc from 'fast-check';
import type { Command } from '../../shared/messages/command.ts';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import { isTerminal } from '../../shared/messages/job.ts';
import { CommandFailed, CommandReplayed } from '../../shared/messages/outcome.ts';
import { type Event, type JournalRecord, recordOf } from '../../shared/messages/record.ts';
import {
  GenerationBegun,
  GenerationProbed,
  GenerationSwitched,
  GenerationUnready,
  PassagesGathered,
} from '../../shared/messages/reembedding.ts';
import { JobCancel } from '../../shared/messages/submission.ts';
import { JOB, submitted, World } from './given.ts';

const GENERATION = 7;
const MODEL = 'next';
const WINDOW = 4;
const BATCH = 2;
const NO_REFUSAL = { refused: 0, refusals: [] };

/**
 * A collection as simple as can be: one edition whose passages are its positions. Those in `poison` kill their batch,
 * those in `late` come only when the rest was walked over.
 */
class Collection {
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

const reembedding = (more: Record<string, unknown> = {}) =>
  new World().turn(
    submitted('reembed', { collection: 'c', embedding_model: 'Next', ...more }, { collection: 'c', priority: 'low' }),
  );

type Order = (waiting: JournalRecord[]) => JournalRecord[];

/** Runs everything sent until nothing is left; `order` may shuffle, repeat or hold back what comes next. */
function run(world: World, collection: Collection, order: Order = (all) => all): void {
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

const EVAL = {
  queries: Array.from({ length: 20 }, (_, n) => ({ _id: `q${n}`, text: `question ${n}` })),
  qrels: [],
  min_recall_at_10: 0.8,
};

describe('reembed', () => {
  it('embeds every passage by the new model, by its pool and in the low lane, and then switches', () => {
    const world = reembedding();
    const collection = new Collection({ passages: 11 });
    run(world, collection);
    expect(world.job).to.deep.include({ status: 'succeeded', progress: { done: 11, total: 11 } });
    expect(world.job.result).to.deep.equal({
      ...{ generation: GENERATION, embedding_model: MODEL, dimensions: 1, passages: 11, ...NO_REFUSAL },
    });
    const embeddings = world.sent.filter(({ type }) => type === 'texts.embed');
    expect(
      embeddings.every(({ priority, body }) => priority === 'low' && (body as { model: string }).model === MODEL),
    ).to.equal(true);
    expect(world.shown.slice(0, 3)).to.deep.equal(['job.queued', 'job.started', 'job.progress']);
  });

  it('of an empty collection switches at once', () => {
    const world = reembedding();
    run(world, new Collection());
    expect(world.job.status).to.equal('succeeded');
    expect(world.sent.map(({ type }) => type)).to.deep.equal([
      'generation.begin',
      'passages.gather',
      'generation.switch',
    ]);
  });

  it('goes over the collection again while passages are lacking', () => {
    const world = reembedding();
    const collection = new Collection({ passages: 3, late: 2 });
    run(world, collection);
    expect(world.job).to.deep.include({ status: 'succeeded', progress: { done: 5, total: 5 } });
  });

  it('keeps a bounded number of batches at the embedder', () => {
    const world = reembedding();
    const collection = new Collection({ passages: 200 });
    let most = 0;
    run(world, collection, (all) => {
      most = Math.max(most, all.filter(({ event }) => event.type === 'texts.embedded').length);
      return all.slice(0, 1);
    });
    expect(world.job.status).to.equal('succeeded');
    expect(most).to.be.at.most(7);
  });

  it('finds a passage that cannot be embedded by halving, and fails with it', () => {
    const world = reembedding();
    run(world, new Collection({ passages: 9, poison: [4] }));
    expect(world.job.status).to.equal('failed');
    expect(world.job.error).to.include({
      code: 'partially_failed',
      message: 'passages that next cannot embed: 1, the first: poison',
    });
    expect(world.job.result).to.deep.include({ refused: 1 });
  });

  it('does without such a passage when it is told to', () => {
    const world = reembedding({ partial: true });
    run(world, new Collection({ passages: 9, poison: [4] }));
    expect(world.job.status).to.equal('succeeded');
    expect(world.job.result).to.deep.include({ passages: 8, refused: 1 });
  });

  it('fails at once when nobody has the model', () => {
    const world = reembedding();
    world.hears('generation.begin', GenerationBegun({ generation: GENERATION, model: MODEL, lacking: 2 }));
    const runs = [{ edition: 1, from: 0, count: 2 }];
    world.hears(
      'passages.gather',
      PassagesGathered({ generation: GENERATION, batches: [{ runs, texts: ['a', 'b'] }] }),
    );
    const { id: command, part, body } = world.command('texts.embed');
    const error = { code: 'model_not_found' as const, message: 'no such model', retryable: false };
    world.hears(
      'texts.embed',
      CommandFailed({ command, stage: 'texts.embed', part, dead_letter: 'dl', replay: 0, error, body }),
    );
    expect(world.job).to.deep.include({ status: 'failed', error: { ...error, stage: 'texts.embed' } });
    expect(world.writes).to.deep.equal([]);
  });

  describe('with questions', () => {
    it('switches when the recall is high enough', () => {
      const world = reembedding({ eval: EVAL });
      run(world, new Collection({ passages: 3, late: 1, recall: 0.8 }));
      expect(world.job.status).to.equal('succeeded');
      expect(world.job.result).to.deep.include({ passages: 4 });
      expect(world.job.result?.recall_at_10).to.be.closeTo(0.8, 1e-9);
      const probes = world.sent.filter(({ type }) => type === 'generation.probe');
      expect(probes, 'once, in parts').to.have.lengthOf(2);
    });

    it('fails below, and nothing is switched', () => {
      const world = reembedding({ eval: EVAL });
      const collection = new Collection({ passages: 3, recall: 0.7 });
      run(world, collection);
      expect(world.job.status).to.equal('failed');
      expect(world.job.error).to.deep.include({
        code: 'recall_too_low',
        message: 'recall@10 with next is 0.700, below 0.8: nothing was changed',
      });
      expect(collection.switched).to.equal(false);
    });
  });

  it('begins anew when a dead letter comes back, and hears nothing of what it did before', () => {
    const world = reembedding();
    world.hears('generation.begin', GenerationBegun({ generation: GENERATION, model: MODEL, lacking: 2 }));
    const batches = [{ runs: [{ edition: 1, from: 0, count: 1 }], texts: ['text 0'] }];
    world.hears('passages.gather', PassagesGathered({ generation: GENERATION, batches }));
    const late = world.command('texts.embed');
    const { id, type, part, priority, pool, max_attempts, body } = late;
    const error = { code: 'model_not_found' as const, message: 'gone', retryable: false };
    world.turn(
      recordOf(late, CommandFailed({ command: id, stage: type, part, dead_letter: 'dl', replay: 0, error, body }), 1),
    );
    const command = { id, type, part, priority, pool, max_attempts, replay: 0, body };
    world.told(CommandReplayed({ dead_letter: 'dl', command }));
    expect(world.job.status).to.equal('running');
    const [, again] = world.sent.filter((sent) => sent.type === 'generation.begin');
    expect(again?.id).to.equal(`${JOB}/generation.begin/0/1`);
    const writes = world.writes.length;
    world.turn(
      recordOf(
        late,
        TextsEmbedded({
          ...{ batch: part, model: MODEL, dimensions: 1, vectors: ['text 0'], provider: 'p', provider_ms: 1 },
        }),
        2,
      ),
    );
    expect(world.writes, 'vectors of the first try').to.have.lengthOf(writes);
  });

  it('takes no question that was tried before a replay for one of its own', () => {
    const world = reembedding({ eval: EVAL });
    const begun = GenerationBegun({ generation: GENERATION, model: MODEL, lacking: 0 });
    const vectors = (batch: string, count: number) =>
      TextsEmbedded({
        ...{ batch, model: MODEL, dimensions: 1, vectors: Array(count).fill('v'), provider: 'p', provider_ms: 1 },
      });
    world.hears('generation.begin', begun);
    world.hears('passages.gather', PassagesGathered({ generation: GENERATION, batches: [] }));
    const [first, second] = world.sent.filter(({ type }) => type === 'texts.embed');
    if (first === undefined || second === undefined) throw new Error('two parts were expected');
    world.turn(recordOf(first, vectors(first.part, 16), 1));
    const probe = world.command('generation.probe');
    const { id, type, part, priority, pool, max_attempts, body } = second;
    const error = { code: 'provider_error' as const, message: 'gone', retryable: false };
    const dead = CommandFailed({ command: id, stage: type, part, dead_letter: 'dl', replay: 0, error, body });
    world.turn(recordOf(second, dead, 1));
    const command = { id, type, part, priority, pool, max_attempts, replay: 0, body };
    world.told(CommandReplayed({ dead_letter: 'dl', command }));
    const { length } = world.sent;
    world.turn(recordOf(second, vectors(second.part, 4), 2));
    expect(world.sent, 'vectors that came late').to.have.lengthOf(length);
    world.hears('generation.begin', begun);
    const recalls = Array<number>(16).fill(0);
    world.turn(recordOf(probe, GenerationProbed({ generation: GENERATION, from: 0, recalls }), 2));
    run(world, new Collection({ recall: 1 }));
    expect(world.job.result, 'the recall of what was built now').to.deep.include({ recall_at_10: 1 });
  });

  it('hears nothing after its cancel', () => {
    const world = reembedding();
    world.told(JobCancel({}));
    world.hears('generation.begin', GenerationBegun({ generation: GENERATION, model: MODEL, lacking: 2 }));
    expect(world.job.status).to.equal('cancelled');
    expect(world.sent).to.have.lengthOf(1);
  });

  it('comes to the same end whatever the order, however often events come', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.uniqueArray(fc.nat(39), { maxLength: 3 }),
        fc.nat(3),
        fc.infiniteStream(fc.nat()),
        (passages, wrong, late, random) => {
          const poison = wrong.filter((ord) => ord < passages);
          const world = reembedding({ partial: true });
          const collection = new Collection({ passages, poison, late });
          const heard: JournalRecord[] = [];
          run(world, collection, (all) => {
            const shuffled = [...all].sort(() => ((random.next().value ?? 0) % 2) - 0.5);
            const next = shuffled.slice(0, 1 + ((random.next().value ?? 0) % shuffled.length));
            const again = heard.filter(() => (random.next().value ?? 0) % 5 === 0);
            heard.push(...next);
            return [...next, ...again, ...next];
          });
          expect(isTerminal(world.job.status)).to.equal(true);
          expect(world.job.result).to.deep.include({ passages: passages + late - poison.length });
          expect(collection.stored.size).to.equal(passages + late);
          const { done, total } = world.job.progress;
          expect(done).to.equal(total);
        },
      ),
      { numRuns: 60 },
    );
  });
});
