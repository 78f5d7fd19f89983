import { expect } from 'chai';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import { CommandFailed, CommandReplayed } from '../../shared/messages/outcome.ts';
import { recordOf } from '../../shared/messages/record.ts';
import { GenerationBegun, GenerationProbed, PassagesGathered } from '../../shared/messages/reembedding.ts';
import { JOB } from './given.ts';
import { Collection, EVAL, GENERATION, MODEL, reembedding, run } from './reembedding.ts';

describe('reembed that is replayed', () => {
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
});
