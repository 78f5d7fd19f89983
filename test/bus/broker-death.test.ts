import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PrivateBroker } from '../../infra/start/broker/broker.ts';
import { type Bus, connectBus } from '../../shared/bus/bus.ts';
import { createLogger } from '../../shared/logger.ts';
import { eventually } from '../support/eventually.ts';
import { startOwnBroker } from '../support/release.ts';
import { embed, embedder, hear } from './bench.ts';

const COMMANDS = 120;
/**
 * RabbitMQ 3.10 writes down late that a queue exists: killed within a second of its making, it comes back with a queue
 * that answers nobody (seen). It tells nobody when it has written it, hence a wait.
 */
const QUEUES_ARE_WRITTEN_MS = 4_000;

/** A broker of its own, since this test kills it. */
describe('death of the broker', function brokerDeath() {
  this.timeout(180_000);
  let dataDir = '';
  let broker: PrivateBroker;
  let bus: Bus;

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'warren-broker-death-'));
    broker = await startOwnBroker(dataDir);
    bus = await connectBus({
      url: broker.amqpUrl,
      instance: 'bus-test',
      partitions: 1,
      log: createLogger('bus-test', 'silent'),
    });
    await new Promise((resolve) => setTimeout(resolve, QUEUES_ARE_WRITTEN_MS));
  });

  after(async () => {
    await bus?.close();
    await broker?.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  });

  it('loses no command and no record, and all goes on by itself', async () => {
    const heard = await hear(bus);
    let begun = 0;
    await bus.serve({
      service: 'embedder',
      pool: 'default',
      concurrency: 4,
      handlers: [
        embedder(async () => {
          begun += 1;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }),
      ],
    });
    const commands = Array.from({ length: COMMANDS }, () => embed());
    await bus.send(commands);
    await eventually(() => begun > 20, { within: 20_000, what: 'some work' });
    broker.kill();
    await eventually(() => !bus.health().connected, { within: 10_000, what: 'the bus to notice' });
    await broker.restart();
    const ended = () =>
      new Set(heard.records.filter(({ event }) => event.type === 'texts.embedded').map(({ job }) => job));
    await heard.until('all results', () => ended().size === COMMANDS, 90_000);
    expect([...ended()]).to.have.members(commands.map(({ job }) => job));
    // What was delivered twice says the same under the same id, which the reader of the journal counts once.
    expect(new Set(heard.records.map(({ id }) => id)).size).to.equal(COMMANDS);
    await eventually(async () => (await bus.queues()).every(({ kind, depth }) => kind === 'control' || depth === 0), {
      within: 20_000,
      what: 'all queues to be empty',
      every: 200,
    });
  });
});
