import { expect } from 'chai';
import { bench } from './bench.ts';
import { graveyard } from './graveyard.ts';

describe('dead letters', () => {
  const here = bench();

  it('lists, filters and shows', async () => {
    const { bus, queue, commands, letters } = await graveyard(here, 5);
    const all = await letters();
    expect(all.map(({ job }) => job)).to.have.members(commands.map(({ job }) => job));
    const [one] = all;
    expect(await bus.deadLetters.get(one?.id ?? '')).to.deep.equal(one);
    expect(await bus.deadLetters.get('dl_unknown')).to.equal(undefined);
    const count = async (filter: object) => (await bus.deadLetters.list({ queue, ...filter })).length;
    expect(await count({ type: 'texts.embed' })).to.equal(5);
    expect(await count({ type: 'answer.generate' })).to.equal(0);
    expect(await count({ error_code: 'model_not_found' })).to.equal(5);
    expect(await count({ error_code: 'internal' })).to.equal(0);
    expect(await count({ before: one?.died_at ?? '' })).to.equal(0);
    expect(await count({ after: new Date(Date.now() - 60_000).toISOString() })).to.equal(5);
    expect(await count({ ids: all.slice(0, 2).map(({ id }) => id) })).to.equal(2);
    expect(await bus.deadLetters.list({ queue }, 3)).to.have.length(3);
  });

  it('carries all that an operator wants to know in its headers', async () => {
    const { queue, commands } = await graveyard(here, 1);
    const [wish] = commands;
    const messages = await here.vhost.api<{ properties: { message_id: string; headers: Record<string, unknown> } }[]>(
      'POST',
      `queues/${here.vhost.name}/dead-letters/get`,
      { count: 100, ackmode: 'ack_requeue_true', encoding: 'auto' },
    );
    const letter = messages.find(({ properties }) => properties.message_id === wish?.id);
    expect(letter?.properties.headers).to.include({
      'x-error-code': 'model_not_found',
      'x-error-message': 'no such model',
      'x-origin-lane': queue,
      'x-attempts': 1,
      'x-job': wish?.job,
      'x-replay-count': 0,
    });
    expect(Date.parse(String(letter?.properties.headers['x-died-at']))).to.be.closeTo(Date.now(), 30_000);
  });

  it('is still there however often somebody looks', async () => {
    const { bus, queue } = await graveyard(here, 1);
    for (let look = 0; look < 30; look += 1) await bus.deadLetters.list({ queue });
    expect(await bus.deadLetters.list({ queue })).to.have.length(1);
  });
});
