import { expect } from 'chai';
import { PassagesRanked } from '../../shared/messages/ranking.ts';
import { type Passage, PassagesRetrieved } from '../../shared/messages/retrieval.ts';
import { embedded, passage } from './asking.ts';
import { submitted, World } from './given.ts';

describe('ask with mmr', () => {
  const MOLES = 'Moles dig tunnels below the lawn.';
  const near = PassagesRetrieved({
    passages: [MOLES, MOLES, `${MOLES} Indeed.`, 'Foxes live in dens.', 'Rain falls in autumn.'].map((text, at) => ({
      ...passage(at + 1),
      text,
      score: [1, 0.95, 0.9, 0.8, 0.1][at] ?? 0,
    })),
  });
  const sources = (mmr: unknown, settings: World['settings'] = {}) => {
    const world = new World(settings).turn(submitted('ask', { collection: 'c', question: 'Why?', rerank_to: 2, mmr }));
    world.hears('texts.embed', embedded).hears('passages.retrieve', near);
    if (settings.ranker === true) {
      const scores = { psg_5: 9, psg_4: 8.9, psg_3: 1, psg_2: 0.9, psg_1: 0.8 };
      world.hears('passages.rank', PassagesRanked({ scores, model: 'r', provider: 'tei', provider_ms: 1 }));
    }
    const { passages } = world.command('answer.generate').body as { passages: Passage[] };
    const [citations] = world.events.flatMap(({ event, data }) => (event === 'sources.found' ? [data.citations] : []));
    const ids = passages.map(({ passage_id }) => passage_id);
    expect((citations as Passage[]).map(({ passage_id }) => passage_id)).to.deep.equal(ids);
    return ids;
  };

  it('passes over passages that say the same again, when it is asked for', () => {
    for (const off of [undefined, false, { lambda: 1 }]) expect(sources(off)).to.deep.equal(['psg_1', 'psg_2']);
    for (const on of [true, {}, { lambda: 0.7 }]) expect(sources(on)).to.deep.equal(['psg_1', 'psg_4']);
  });

  it('goes by the ranker, where there is one', () => {
    expect(sources(true, { ranker: true })).to.deep.equal(['psg_5', 'psg_4']);
  });
});
