import { expect } from 'chai';
import fc from 'fast-check';
import type { Settings } from '../../services/rag-orchestrator/flows/decide.ts';
import type { Command } from '../../shared/messages/command.ts';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import { CommandFailed } from '../../shared/messages/outcome.ts';
import { recordOf } from '../../shared/messages/record.ts';
import { GenerationDropped } from '../../shared/messages/reembedding.ts';
import { PassagesRetrieved, QueryOutdated } from '../../shared/messages/retrieval.ts';
import { PassagesMade } from '../../shared/messages/splitting.ts';
import { submitted, World } from './given.ts';

const ACTIVE = { generation: 1 };
const NEXT = { generation: 2, model: 'big' };
const BATCHES = [
  { from: 0, texts: ['a', 'b'] },
  { from: 2, texts: ['c'] },
];

const embedded = (batch: string, vectors: string[], model: string) =>
  TextsEmbedded({ batch, model, dimensions: 1, vectors, provider: 'p', provider_ms: 1 });

const outcome = (command: Command) => {
  const { batch, texts, model = 'm' } = command.body as { batch: string; texts: string[]; model?: string };
  return recordOf(command, embedded(batch, texts, model), 2);
};

describe('an ingest while another generation of vectors is built', () => {
  const ingesting = () => {
    const documents = [{ id: 'd', mime_type: 'text/plain', bytes: 1, text: 'x' }];
    return new World().turn(submitted('ingest', { collection: 'c', documents }, { collection: 'c' }));
  };
  const made = (models: { generation: number; model?: string }[], batches = BATCHES, total = 3) =>
    PassagesMade({ document: 0, from: 0, total, batches, models });
  const embeddings = (world: World) => world.sent.filter(({ type }) => type === 'texts.embed');
  const published = (world: World) => world.writes.filter(({ kind }) => kind === 'document');

  it('embeds for both, each by its own model and pool, and publishes when both are there', () => {
    const world = ingesting().hears('documents.split', made([ACTIVE, NEXT]));
    expect(
      embeddings(world).map(({ part, pool, body }) => [part, pool, (body as { model?: string }).model]),
    ).to.deep.equal([
      ['0.0+2@1', 'default', undefined],
      ['0.2+1@1', 'default', undefined],
      ['0.0+2@2~', 'gpu', 'big'],
      ['0.2+1@2~', 'gpu', 'big'],
    ]);
    const [first, second, third, fourth] = embeddings(world).map(outcome);
    if (!first || !second || !third || !fourth) throw new Error('four batches were expected');
    world.turn(first, second, third);
    expect(world.job).to.deep.include({ status: 'running', progress: { done: 3, total: 3 } });
    expect(published(world)).to.deep.equal([]);
    world.turn(fourth);
    expect(world.job).to.deep.include({ status: 'succeeded', progress: { done: 3, total: 3 } });
    expect(world.job.result).to.deep.include({ counts: { documents: 1, passages: 3, failed: 0 } });
  });

  it('leaves what the next model cannot embed to its builder', () => {
    const world = ingesting().hears('documents.split', made([ACTIVE, NEXT]));
    for (const command of embeddings(world)) {
      const { id, part, body } = command;
      const error = { code: 'provider_error' as const, message: 'no', retryable: false };
      const dead = CommandFailed({
        command: id,
        stage: 'texts.embed',
        part,
        dead_letter: 'dl',
        replay: 0,
        error,
        body,
      });
      world.turn(part.endsWith('~') ? recordOf(command, dead, 2) : outcome(command));
    }
    expect(embeddings(world), 'nothing was tried in halves').to.have.lengthOf(4);
    expect(world.job.status).to.equal('succeeded');
    expect(published(world)).to.have.nested.property('[0].status', 'searchable');
  });

  it('does not try a missing model in halves', () => {
    const world = ingesting().hears('documents.split', made([ACTIVE]));
    for (const command of embeddings(world)) {
      const { id, part, body } = command;
      const error = { code: 'model_not_found' as const, message: 'no such model', retryable: false };
      const dead = CommandFailed({
        command: id,
        stage: 'texts.embed',
        part,
        dead_letter: 'dl',
        replay: 0,
        error,
        body,
      });
      world.turn(recordOf(command, dead, 2));
    }
    expect(embeddings(world)).to.have.lengthOf(2);
    expect(world.job.error).to.deep.include({ code: 'partially_failed' });
    expect(published(world)).to.have.nested.property('[0].status', 'failed');
  });

  it('waits no longer for a generation that was given up', () => {
    const world = ingesting().hears('documents.split', made([ACTIVE, NEXT]));
    const [first, second, third] = embeddings(world).map(outcome);
    if (!first || !second || !third) throw new Error('batches were expected');
    world.turn(first, second);
    world.told(GenerationDropped({ generation: 2 }), 'dropped/2');
    expect(world.job.status).to.equal('succeeded');
    expect(published(world)).to.have.lengthOf(1);
    const { length } = world.writes;
    world.turn(third);
    expect(world.writes).to.have.lengthOf(length);
  });

  it('does not begin to wait for it when the word of it was older', () => {
    const world = ingesting().told(GenerationDropped({ generation: 2 }), 'dropped/2');
    expect(world.job.status, 'no worker spoke').to.equal('queued');
    world.hears('documents.split', made([ACTIVE, NEXT]));
    expect(embeddings(world)).to.have.lengthOf(2);
  });

  it('embeds nothing more when others have seen to the rest', () => {
    const world = ingesting().hears('documents.split', made([], [], 5));
    expect(world.job.status).to.equal('succeeded');
    expect(published(world)).to.have.nested.property('[0].status', 'searchable');
  });

  it('ends the same whatever the order, and whenever a generation is given up', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), fc.nat(4), (order, twice) => {
        const world = ingesting().hears('documents.split', made([ACTIVE, NEXT]));
        const records = embeddings(world).map(outcome);
        const steps = [...order, order[twice] ?? 0];
        for (const step of steps) {
          const record = records[step];
          if (record === undefined) world.told(GenerationDropped({ generation: 2 }), 'dropped/2');
          else world.turn(record);
        }
        expect(world.job).to.deep.include({ status: 'succeeded', progress: { done: 3, total: 3 } });
        expect(published(world)).to.have.lengthOf(1);
      }),
    );
  });
});

describe('a query while the embedding model changes', () => {
  const searching = (modelOf: Settings['modelOf']) =>
    new World({ modelOf }).turn(submitted('search', { collection: 'c', query: 'why?' }, { collection: 'c' }));

  it('is embedded by the model of the collection, in its pool', () => {
    const { body, pool } = searching(() => 'big').command('texts.embed');
    expect(body).to.deep.equal({ batch: 'query', role: 'query', texts: ['why?'], model: 'big' });
    expect(pool).to.equal('gpu');
    expect(searching(undefined).command('texts.embed').body).not.to.have.property('model');
  });

  it('is embedded again when the vectors of its model are gone', () => {
    const world = searching(() => 'old').hears('texts.embed', embedded('query', ['v1'], 'old'));
    expect(world.command('passages.retrieve').body).to.include({ vector: 'v1', model: 'old' });
    const first = world.command('texts.embed');
    world.hears('passages.retrieve', QueryOutdated({ model: 'big' }));
    expect(world.command('texts.embed')).to.deep.include({ part: 'query.1', pool: 'gpu' });
    expect(world.command('texts.embed').body).to.include({ model: 'big' });
    world.turn(recordOf(first, embedded('query', ['v1'], 'old'), 3, 'late'));
    expect(world.sent.filter(({ type }) => type === 'passages.retrieve')).to.have.lengthOf(1);
    world.hears('texts.embed', embedded('query.1', ['v2'], 'big'));
    expect(world.command('passages.retrieve')).to.deep.include({ part: '1' });
    expect(world.command('passages.retrieve').body).to.include({ vector: 'v2', model: 'big' });
    world.hears('passages.retrieve', PassagesRetrieved({ passages: [] }));
    expect(world.job).to.deep.include({ status: 'succeeded', progress: { done: 2, total: 2 } });
  });

  it('gives up on a collection that changes without end', () => {
    const world = searching(() => 'm0');
    for (let n = 0; world.job.status === 'queued' || world.job.status === 'running'; n += 1) {
      if (n > 20) throw new Error('it goes on and on');
      world.hears('texts.embed', embedded(n === 0 ? 'query' : `query.${n}`, ['v'], `m${n}`));
      world.hears('passages.retrieve', QueryOutdated({ model: `m${n + 1}` }));
    }
    expect(world.job.error).to.include({ code: 'validation' });
  });
});
