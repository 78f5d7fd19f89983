import { expect } from 'chai';
import fc from 'fast-check';
import { isTerminal } from '../../shared/messages/job.ts';
import { CommandFailed } from '../../shared/messages/outcome.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { GenerationBegun, PassagesGathered } from '../../shared/messages/reembedding.ts';
import { JobCancel } from '../../shared/messages/submission.ts';
import { Collection, EVAL, GENERATION, MODEL, reembedding, run } from './reembedding.ts';

const NO_REFUSAL = { refused: 0, refusals: [] };

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
