import amqp from 'amqplib';
import { expect } from 'chai';
import { TopologyError } from '../../shared/bus/bus.ts';
import { topology } from '../../shared/bus/topology.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';
import { bench, embed } from './bench.ts';

describe('topology', () => {
  const here = bench();
  const { use, connect } = here;

  interface Queue {
    readonly name: string;
    readonly arguments: Record<string, unknown>;
    readonly durable: boolean;
  }

  it('stands as the table says', async () => {
    await connect({ partitions: 2, pools: ['gpu'] });
    const queues = await here.vhost.api<Queue[]>('GET', `queues/${here.vhost.name}?columns=name,arguments,durable`);
    const wanted = topology(2, ['gpu']).queues;
    expect(wanted.map(({ name }) => name)).to.include.members([
      'journal.1',
      'generator.gpu.high',
      'retry.300',
      'control',
    ]);
    for (const { name, arguments: args } of wanted) {
      expect(
        queues.find((queue) => queue.name === name),
        name,
      ).to.deep.include({ arguments: args, durable: true });
    }
  });

  it('names the queue that differs, and how to mend it', async () => {
    const connection = await amqp.connect(here.vhost.amqpUrl);
    const channel = await connection.createChannel();
    await channel.assertQueue('embedder.odd.high', {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-max-length': 7 },
    });
    await connection.close();
    const error = await connect({ pools: ['odd'] }).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(TopologyError).with.property('queue', 'embedder.odd.high');
    expect(error)
      .to.have.property('message')
      .that.matches(/inequivalent arg 'x-/)
      .and.includes('Mend it');
  });

  it('waits for a broker that comes late', async () => {
    const proxy = use(await startProxy(here.vhost.amqpUrl));
    proxy.sever();
    let connected = false;
    const connecting = connect({ url: proxy.url }).then((bus) => {
      connected = true;
      return bus;
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(connected).to.equal(false);
    proxy.heal();
    expect((await connecting).health()).to.deep.equal({ connected: true, blocked: undefined });
  });

  it('counts its queues, by AMQP and by the management API', async () => {
    const bus = await connect({ pools: ['counted'] });
    await bus.send([embed({ pool: 'counted' }), embed({ pool: 'counted' })]);
    const lane = { name: 'embedder.counted.normal', kind: 'lane', depth: 2, consumers: 0, oldest_age_s: null };
    const one = async (from: typeof bus) => (await from.queues()).find(({ name }) => name === lane.name);
    expect(await one(bus)).to.deep.equal(lane);
    const manager = await connect({ managementUrl: here.vhost.managementUrl });
    await eventually(async () => (await one(manager))?.depth === 2, {
      within: 15_000,
      what: 'its statistics',
      every: 200,
    });
    expect(await one(manager)).to.deep.include({ ...lane, unacked: 0 });
  });

  it('counts them itself while the management API is away', async () => {
    const bus = await connect({ managementUrl: 'http://nobody:x@127.0.0.1:9' });
    const names = (await bus.queues()).map(({ name }) => name);
    expect(names).to.include.members(['journal.0', 'dead-letters']);
  });

  it('makes the lanes of a pool when it is first used', async () => {
    const bus = await connect();
    await bus.send([embed({ pool: 'new-pool' })]);
    expect((await bus.queues()).find(({ name }) => name === 'embedder.new-pool.normal')).to.include({ depth: 1 });
  });
});
