import { expect } from 'chai';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import { submitted, World } from './given.ts';

describe('embed', () => {
  it('puts the vectors of all parts together in the order of the texts', () => {
    const texts = Array.from({ length: 70 }, (_, index) => `text ${index}`);
    const world = new World().turn(submitted('embed', { texts }));
    const parts = [...world.sent].reverse();
    expect(parts).to.have.lengthOf(3);
    for (const part of parts) {
      const { batch, texts: own } = part.body as { batch: string; texts: string[] };
      const event = TextsEmbedded({
        batch,
        model: 'm',
        dimensions: 1,
        vectors: own,
        provider: 'local',
        provider_ms: 1,
      });
      world.turn(
        { id: `${part.id}/done`, job: part.job, at: 1, event },
        { id: `${part.id}/twice`, job: part.job, at: 1, event },
      );
    }
    expect(world.job.result).to.deep.include({ vectors: texts, model: 'm', dimensions: 1 });
    expect(world.job.usage).to.include({ embedded_texts: 70 });
  });
});
