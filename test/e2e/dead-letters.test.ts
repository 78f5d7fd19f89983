import { expect } from 'chai';
import { client } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { ADMIN } from '../support/warren.ts';
import { system } from './system.ts';

describe('a terminal provider error', function () {
  this.timeout(120_000);

  it('is a dead letter that is listed, replayed once mended, and seen to succeed by the client that stayed', async () => {
    const { warren, provider } = await system();
    const [ann, root] = [client(warren.url), client(warren.url, ADMIN)];
    provider.faults.add({ match: { path: '/api/chat' }, fault: { status: 400 } });
    const socket = await ann.socket();
    socket.send({ type: 'submit', id: '1', job: { type: 'generate', input: { prompt: 'Hello' }, tags: ['mend'] } });
    const job = ((await socket.next(({ type }) => type === 'accepted')).job as { id: string }).id;
    const failed = await socket.next((frame) => frame.event === 'job.failed' && frame.job === job);
    const { dead_letter, error } = failed.data as { dead_letter: string; error: { code: string } };
    expect(error.code).to.equal('provider_error');
    expect((await ann.job(job)).body.status).to.equal('failed');

    const listed = await root.call<{ data: { id: string; job?: string; error: { code: string } }[] }>(
      'GET',
      '/v1/dead-letters',
    );
    expect(listed.body.data.map(({ id }) => id)).to.include(dead_letter);
    expect((await ann.call('GET', '/v1/dead-letters')).status).to.equal(403);

    provider.faults.clear();
    const replay = await root.call<{ matched: number; replayed: number }>('POST', '/v1/dead-letters/replay', {
      ids: [dead_letter],
    });
    expect(replay.status).to.equal(202);
    expect(replay.body).to.deep.include({ matched: 1, replayed: 1 });
    await socket.next((frame) => frame.event === 'job.succeeded' && frame.job === job);
    const shown = socket.events.filter((event) => event.job === job);
    expect(shown.map(({ seq }) => seq)).to.deep.equal(shown.map((_, index) => index + 1));
    expect(shown.map(({ event }) => event)).to.include.members(['job.failed', 'job.replayed', 'job.succeeded']);
    expect((await ann.job(job)).body.status).to.equal('succeeded');
    await eventually(
      async () => {
        const after = await root.call<{ data: { id: string }[] }>('GET', '/v1/dead-letters');
        return !after.body.data.some(({ id }) => id === dead_letter);
      },
      { within: 10_000, what: 'the dead letter to be gone' },
    );
    socket.cut();
  });
});
