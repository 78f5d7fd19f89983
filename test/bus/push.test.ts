import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import type { PushedEvent, StoredEvent } from '../../shared/messages/client-event.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';
import { bench } from './bench.ts';

describe('push', () => {
  const here = bench();
  const { use, connect } = here;

  async function listen(url = here.vhost.amqpUrl) {
    const bus = await connect({ url });
    const events: PushedEvent[] = [];
    let resyncs = 0;
    const listener = await bus.onPush({
      events: (some) => events.push(...some),
      alive: () => {},
      resync: () => {
        resyncs += 1;
      },
    });
    use(listener);
    return { bus, events, resyncs: () => resyncs };
  }

  const event = (seq: number, job = newId('job')): StoredEvent => ({
    job,
    seq,
    event: 'job.queued',
    at: new Date().toISOString(),
    data: {},
  });

  it('reaches every listener, in order', async () => {
    const bus = await connect();
    const [a, b] = [await listen(), await listen()];
    const sent = Array.from({ length: 200 }, (_, n) => event(n + 1));
    for (const each of sent) bus.push([each]);
    for (const { events, resyncs } of [a, b]) {
      await eventually(() => events.length >= 200, { within: 5000, what: 'all events' });
      expect(events).to.deep.equal(sent);
      expect(resyncs()).to.equal(0);
    }
  });

  it('shows a turn of any size, in order, and says of an event that is too large for that only that it is stored', async () => {
    const bus = await connect();
    const { events, resyncs } = await listen();
    const job = newId('job');
    const sizes = [10, 300_000, 10, 5_000_000, 10, ...Array.from({ length: 30 }, () => 600_000), 10];
    const sent = sizes.map((size, n) => ({ ...event(n + 1, job), data: { text: 'x'.repeat(size) } }));
    bus.push(sent);
    await eventually(() => events.length >= sent.length, { within: 15_000, what: 'all events' });
    const { data, ...bare } = sent[3] ?? event(0);
    expect(events.map(({ seq }) => seq)).to.deep.equal(sent.map(({ seq }) => seq));
    expect(events).to.deep.equal(sent.with(3, bare as (typeof sent)[0]));
    expect(resyncs()).to.equal(0);
  });

  it('asks to read again after the listener lost its connection', async () => {
    const proxy = use(await startProxy(here.vhost.amqpUrl));
    const { events, resyncs } = await listen(proxy.url);
    const bus = await connect();
    proxy.cut();
    await eventually(() => resyncs() === 1, { within: 10_000, what: 'the resync' });
    bus.push([event(1)]);
    await eventually(() => events.length === 1, { within: 5000, what: 'the event' });
  });

  it('notices what a sender could not send', async () => {
    const proxy = use(await startProxy(here.vhost.amqpUrl));
    const sender = await connect({ url: proxy.url });
    const { events, resyncs } = await listen();
    sender.push([event(1)]);
    await eventually(() => events.length === 1, { within: 5000, what: 'the first event' });
    proxy.cut();
    await eventually(() => !sender.health().connected, { within: 5000, what: 'the cut' });
    sender.push([event(2)]);
    await eventually(() => sender.health().connected, { within: 10_000, what: 'the connection' });
    await eventually(
      () => {
        sender.push([event(3)]);
        return events.length >= 2;
      },
      { within: 5000, what: 'the next event' },
    );
    expect(resyncs()).to.be.at.least(1);
    expect(events.map(({ seq }) => seq)).not.to.include(2);
  });

  it('survives rubbish', async () => {
    const bus = await connect();
    const { events, resyncs } = await listen();
    await here.vhost.api('POST', `exchanges/${here.vhost.name}/push/publish`, {
      properties: { type: 'events', headers: { 'x-origin': 'odd', 'x-n': 1 } },
      routing_key: '',
      payload: 'not json',
      payload_encoding: 'string',
    });
    bus.push([event(1)]);
    await eventually(() => events.length === 1, { within: 5000, what: 'the event' });
    expect(resyncs()).to.equal(0);
  });
});
