import { expect } from 'chai';
import { shownText } from '../chaos/check/shown-text.ts';
import { client, type Event } from '../support/api.ts';
import { STORYTELLER, system } from './system.ts';

const seqs = (events: readonly Event[]) => events.map(({ seq }) => seq);
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('a stream', function () {
  this.timeout(120_000);

  it('that is cut in the middle goes on after the last seq and ends with the stored text', async () => {
    const { warren } = await system();
    const api = client(warren.url);
    const first = await api.socket();
    const input = { prompt: 'Tell me a long story.', model: STORYTELLER };
    first.send({ type: 'submit', id: '1', job: { type: 'generate', input } });
    const accepted = await first.next(({ type }) => type === 'accepted');
    const job = (accepted.job as { id: string }).id;
    await first.next((frame) => frame.event === 'output.delta' && Number(frame.seq) > 5);
    first.cut();
    await first.closed;
    const seen = [...first.events];
    expect(seen.some(({ event }) => event === 'job.succeeded')).to.equal(false);

    const second = await api.socket();
    second.send({ type: 'subscribe', id: '2', job, after: seen.at(-1)?.seq });
    const rest = await second.ended(job);
    const all = [...seen, ...rest];
    expect(seqs(all)).to.deep.equal(upTo(all.length));
    const { body } = await api.job(job);
    expect(body.status).to.equal('succeeded');
    expect(shownText(all)).to.equal(body.result?.text);
    expect(body.last_seq).to.equal(all.length);
    expect(await api.events(job)).to.deep.equal(
      all.map(({ job, seq, event, data, ...more }) => ({ job, seq, event, ...withAt(more), data })),
    );
    second.cut();
  });

  it('is the same list over server-sent events', async () => {
    const { warren } = await system();
    const api = client(warren.url);
    const { body } = await api.submit('embed', { texts: ['one', 'two'] });
    await api.done(body.id);
    const response = await fetch(`${warren.url}/v1/jobs/${body.id}/events`, {
      headers: { authorization: 'Bearer ann-key-000001', accept: 'text/event-stream', 'last-event-id': '1' },
    });
    const text = await response.text();
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    const { body: job } = await api.job(body.id);
    expect(ids).to.deep.equal(upTo(job.last_seq).slice(1));
    expect(text).to.contain('event: job.succeeded');
  });
});

const withAt = (more: object) => ('at' in more ? { at: more.at } : {});
