import { expect } from 'chai';
import { CommandFailed } from '../../shared/messages/outcome.ts';
import { PassagesRanked } from '../../shared/messages/ranking.ts';
import type { Passage } from '../../shared/messages/retrieval.ts';
import { embedded, generated, retrieved, started } from './asking.ts';
import { submitted, World } from './given.ts';

describe('ask with a ranker', () => {
  const ranked = PassagesRanked({
    scores: { psg_1: 0.1, psg_2: 0.9, psg_3: 0.2, psg_4: 0.8 },
    model: 'r',
    provider: 'tei',
    provider_ms: 1,
  });
  const ranking = () =>
    new World({ ranker: true })
      .turn(submitted('ask', { collection: 'c', question: 'Why?' }, { collection: 'c' }))
      .hears('texts.embed', embedded)
      .hears('passages.retrieve', retrieved);
  const finish = (world: World) =>
    world.hears('answer.generate', started('1-a'), '1-a').hears('answer.generate', generated('1-a', 'So [1].'), '1-a');
  const sources = (world: World) =>
    (world.command('answer.generate').body as { passages: Passage[] }).passages.map(({ passage_id }) => passage_id);

  it('answers from the passages that the ranker likes best', () => {
    const world = finish(ranking().hears('passages.rank', ranked));
    expect(sources(world)).to.deep.equal(['psg_2', 'psg_4', 'psg_3']);
    expect(world.job.result).to.include({ reranked: true });
  });

  it('answers without it when the ranker is out, and says so', () => {
    const none = PassagesRanked({ model: 'r', provider: 'tei', provider_ms: 1 });
    const world = finish(ranking().hears('passages.rank', none));
    expect(world.job.result).to.include({ reranked: false });
    expect(world.job.status).to.equal('succeeded');
  });

  it('answers without it when it is dead, and says so', () => {
    const world = ranking();
    const { id, type, part, body } = world.command('passages.rank');
    const error = { code: 'provider_error' as const, message: 'no', retryable: false };
    world.hears(type, CommandFailed({ command: id, stage: type, part, dead_letter: 'dl', replay: 0, error, body }));
    finish(world);
    expect(sources(world)).to.deep.equal(['psg_1', 'psg_2', 'psg_3']);
    expect(world.job).to.include({ status: 'succeeded' });
    expect(world.job.result).to.include({ reranked: false });
  });
});
