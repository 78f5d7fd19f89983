import amqp from 'amqplib';
import { expect } from 'chai';
import { OutageError } from '../../shared/bus/errors.ts';
import { eventually } from '../support/eventually.ts';
import { eachWay } from './each-way.ts';

const ROOM = 20;
/** More than may pass without an answer before a command is taken for poison. */
const PROBES = 12;

eachWay('a full lane', ({ concurrency, here, stage }) => {
  it('that stays full for a whole outage is emptied when the provider is back, and nobody is blamed', async function () {
    this.timeout(60_000);
    const { bus, serve, command, pool, depth } = await stage();
    const lane = `embedder.${pool}.normal`;
    await here.vhost.api('PUT', `policies/${here.vhost.name}/${pool}`, {
      pattern: `^embedder\\.${pool}\\.`,
      'apply-to': 'queues',
      definition: { 'max-length': ROOM },
    });
    const first = Array.from({ length: ROOM }, (_, n) => `first${n}`);
    await bus.send(first.map((part) => command({ part })));
    const others = await filler(here.vhost.amqpUrl, lane);
    here.use(others);
    let isOut = true;
    let probes = 0;
    const ran = new Set<string>();
    await serve(async ({ batch }) => {
      if (isOut) {
        await others.fill();
        probes += 1;
        throw new OutageError('test', 'out', 100);
      }
      ran.add(batch);
    });
    await eventually(() => probes >= concurrency + PROBES, { within: 40_000, what: 'enough probes' });
    isOut = false;
    await eventually(() => first.every((part) => ran.has(part)), { within: 15_000, what: 'all to be carried out' });
    await eventually(async () => (await depth('normal')) === 0, { within: 5_000, what: 'the lane to be empty' });
    const letters = await bus.deadLetters.list({ queue: lane });
    expect(letters.filter(({ error }) => error.code === 'poison_message')).to.deep.equal([]);
  });
});

/** Somebody who takes every place in a lane that becomes free. */
async function filler(url: string, lane: string) {
  const connection = await amqp.connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  const offer = () =>
    new Promise<boolean>((resolve) => {
      channel.publish('', lane, Buffer.from('no command'), {}, (refused) => resolve(refused === null));
    });
  return {
    fill: async () => {
      while (await offer());
    },
    close: () => connection.close(),
  };
}
