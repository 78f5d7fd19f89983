import { expect } from 'chai';
import { client } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { system } from './system.ts';

const INGESTS = 300;
const text = (n: number) =>
  Array.from(
    { length: 4 },
    (_, line) => `Sentence ${line} of note ${n} speaks about warrens, burrows and rabbits.`,
  ).join(' ');

describe('priority lanes', function () {
  this.timeout(300_000);

  it('let one high-priority ask overtake 300 low-priority ingests, and low work still moves under endless high work', async () => {
    const { warren } = await system();
    const api = client(warren.url);
    const ready = await api.submit('ingest', {
      collection: 'lanes',
      documents: [{ id: 'a', text: 'Rabbits dig warrens.' }],
    });
    await api.done(ready.body.id);

    const ingests: string[] = [];
    for (let from = 0; from < INGESTS; from += 20) {
      const batch = Array.from({ length: 20 }, (_, index) => from + index);
      const answers = await Promise.all(
        batch.map((n) =>
          api.submit(
            'ingest',
            { collection: 'lanes', documents: [{ id: `n${n}`, text: text(n) }] },
            { priority: 'low' },
          ),
        ),
      );
      ingests.push(...answers.map(({ body }) => body.id));
    }
    const asked = await api.submit(
      'ask',
      { collection: 'lanes', question: 'What do rabbits dig?' },
      { priority: 'high' },
    );
    expect((await api.done(asked.body.id)).status).to.equal('succeeded');
    const doneSoFar = await doneOf(api, ingests);
    expect(doneSoFar, 'the ask was answered after all ingests').to.be.below(INGESTS);

    let busy = true;
    const highs = Array.from({ length: 6 }, async () => {
      while (busy) {
        const { body } = await api.submit('embed', { texts: ['high work that never ends'] }, { priority: 'high' });
        await api.done(body.id);
      }
    });
    try {
      await eventually(async () => (await doneOf(api, ingests)) > Math.min(doneSoFar + 20, INGESTS - 1), {
        within: 120_000,
        every: 500,
        what: 'low-priority ingests to move under endless high-priority work',
      });
    } finally {
      busy = false;
      await Promise.all(highs);
    }
    for (const id of ingests) expect((await api.done(id, 240_000)).status).to.equal('succeeded');
  });
});

async function doneOf(api: ReturnType<typeof client>, ids: readonly string[]): Promise<number> {
  const jobs = await Promise.all(ids.map((id) => api.job(id)));
  return jobs.filter(({ body }) => body.status === 'succeeded').length;
}
