import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import amqp from 'amqplib';
import { expect } from 'chai';
import type { PrivateBroker } from '../../infra/start/broker/broker.ts';
import type { Cluster } from '../../infra/start/broker/cluster.ts';
import { startReleaseCluster } from '../../infra/start/broker/release/start-release.ts';
import { BrokerUnavailableError } from '../../shared/bus/broker-errors.ts';
import { type Bus, connectBus } from '../../shared/bus/bus.ts';
import { CONTROL, journalName, laneName, topology } from '../../shared/bus/topology.ts';
import { createLogger } from '../../shared/logger.ts';
import { type CommandWish, embed, embedder, type Heard, hear } from '../bus/bench.ts';
import { eventually } from '../support/eventually.ts';
import { testRelease } from '../support/release.ts';

const SIZE = 3;
const COMMANDS = 80;
/** As in the test of one broker's death: 3.10 writes down late that a queue exists. */
const QUEUES_ARE_WRITTEN_MS = 4_000;
/** Long enough for the others to elect new leaders. */
const FROZEN_MS = 12_000;
/**
 * A channel that asked the node which stands still is deaf for a minute; until RabbitMQ closes it, it keeps what was
 * delivered to it from lanes that have other leaders (measured: 3.10.8).
 */
const RECOVERY_MS = 90_000;
const JOURNAL = journalName(0);
const LANE = laneName('embedder', 'default', 'normal');

interface QueueView {
  readonly name: string;
  readonly type: string;
  readonly leader?: string;
  /** Of a stream, whose leader is not named otherwise. */
  readonly node?: string;
  readonly members?: readonly string[];
}

/** Three nodes on loopback that are one broker; the bus knows them all. */
describe('a cluster of three nodes', function clusterOfThree() {
  this.timeout(400_000);
  let dataDir = '';
  let cluster: Cluster | undefined;
  let bus: Bus;
  let heard: Heard;
  const sent: string[] = [];
  const work = { ms: 20 };

  const nodes = () => [...(cluster?.nodes.values() ?? [])];

  /** Any node that is up may be asked. */
  async function api<Answer>(path: string): Promise<Answer> {
    const answers = nodes().map(async ({ managementUrl, user, password }) => {
      const answer = await fetch(`${managementUrl}/api/${path}`, {
        headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
        signal: AbortSignal.timeout(10_000),
      });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as Answer;
    });
    return await Promise.any(answers);
  }

  const members = async () => {
    const queues = await api<QueueView[]>('queues/%2F?columns=name,type,members');
    return new Map(queues.map((queue) => [queue.name, queue.members?.length ?? 0]));
  };

  /** For a while after an election RabbitMQ does not tell. */
  async function leaderOf(queue: string): Promise<PrivateBroker> {
    let node: PrivateBroker | undefined;
    await eventually(
      async () => {
        const { leader, node: home = '' } = await api<QueueView>(`queues/%2F/${queue}`);
        node = cluster?.nodes.get(leader ?? home);
        return node !== undefined;
      },
      { within: 20_000, what: `the leader of ${queue}`, every: 500 },
    );
    return node as PrivateBroker;
  }

  async function send(wishes: readonly CommandWish[]): Promise<void> {
    const commands = wishes.map(embed);
    sent.push(...commands.map(({ job }) => job));
    // While the majority is gone nothing is confirmed: who sends tries again.
    const isTaken = () =>
      bus.send(commands).then(
        () => true,
        (error: unknown) => {
          if (error instanceof BrokerUnavailableError) return false;
          throw error;
        },
      );
    await eventually(isTaken, { within: RECOVERY_MS, what: 'commands to be taken' });
  }

  /** Results, however often they were told; beside them the journal may have heard of attempts that failed. */
  const results = () => heard.records.filter(({ event }) => event.type === 'texts.embedded');
  const ended = () => new Set(results().map(({ job }) => job));

  /** Commands go in before, during and after; in the end each must have its result, told under one id only. */
  async function survives(disturb: () => Promise<void>): Promise<void> {
    await send(Array.from({ length: COMMANDS }, () => ({})));
    const sending = disturb().then(() => send([{}, {}, {}]));
    await send([{}, {}]);
    await sending;
    await heard.until('all results', () => ended().size === sent.length, RECOVERY_MS);
    expect([...ended()]).to.have.members(sent);
    expect(new Set(results().map(({ id }) => id)).size).to.equal(sent.length);
    await cancels();
  }

  /** A cancel goes over the control stream to whoever works for the job. */
  async function cancels(): Promise<void> {
    const stop = new AbortController();
    const told = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
    aborted = () => stop.abort();
    const job = embed({ pool: 'cancelled' });
    await bus.send([job]);
    await eventually(() => running, { within: RECOVERY_MS, what: 'a run to cancel' });
    await bus.cancelJob(job.job, 0);
    await Promise.race([told, sleep(30_000).then(() => Promise.reject(new Error('no cancel came through')))]);
    await eventually(() => !running, { within: 5_000, what: 'the end of that run' });
  }
  let running = false;
  let aborted = () => {};

  before(async function startThree() {
    const release = await testRelease();
    if (typeof release === 'string') {
      console.log(`      skipped: ${release}`);
      this.skip();
    }
    dataDir = await mkdtemp(join(tmpdir(), 'warren-cluster-'));
    cluster = await startReleaseCluster(release, SIZE, dataDir);
    bus = await connectBus({
      url: nodes()
        .map(({ amqpUrl }) => amqpUrl)
        .join(','),
      instance: 'bus-test',
      partitions: 1,
      pools: ['cancelled'],
      log: createLogger('bus-test', process.env.LOG_LEVEL ?? 'silent'),
    });
    heard = await hear(bus);
    await bus.serve({
      service: 'embedder',
      pool: 'default',
      concurrency: 4,
      handlers: [embedder(() => sleep(work.ms))],
    });
    await bus.serve({
      service: 'embedder',
      pool: 'cancelled',
      concurrency: 1,
      handlers: [
        embedder(async (_body, { signal }) => {
          running = true;
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          running = false;
          aborted();
          throw signal.reason;
        }),
      ],
    });
    await sleep(QUEUES_ARE_WRITTEN_MS);
  });

  after(async () => {
    await bus?.close();
    for (const node of nodes()) node.kill();
    await cluster?.stop();
    if (dataDir !== '') await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  });

  it('holds every queue and the control stream on all nodes', async () => {
    const { queues } = topology(1, ['cancelled']);
    const partial = async () => {
      const counts = await members();
      return queues.flatMap(({ name }) => (counts.get(name) === SIZE ? [] : [`${name}: ${counts.get(name)}`]));
    };
    // Management tells of a queue some seconds after it was declared.
    await eventually(async () => (await partial()).length === 0, {
      within: 30_000,
      what: 'members everywhere',
      every: 500,
    });
    expect(await partial()).to.deep.equal([]);
  });

  for (const queue of [LANE, JOURNAL, CONTROL])
    it(`goes on when the node that leads ${queue} is killed`, () =>
      survives(async () => {
        const node = await leaderOf(queue);
        node.kill();
        await sleep(2_000);
        await node.restart();
      }));

  for (const queue of [LANE, JOURNAL])
    it(`goes on when the node that leads ${queue} stands still, and when it wakes up`, () =>
      survives(async () => {
        const node = await leaderOf(queue);
        node.kill('SIGSTOP');
        try {
          await sleep(FROZEN_MS);
        } finally {
          node.kill('SIGCONT');
        }
      }));

  it('waits while the majority is gone, and goes on when it is back', () =>
    survives(async () => {
      const lost = nodes().slice(1);
      for (const node of lost) node.kill();
      await sleep(5_000);
      await Promise.all(lost.map((node) => node.restart()));
    }));

  it('gets more members for queues that were made before, by the commands of the manual', async () => {
    const connection = await amqp.connect(nodes()[0]?.amqpUrl ?? '');
    const channel = await connection.createChannel();
    await channel.assertQueue('old', {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-quorum-initial-group-size': 1 },
    });
    await channel.assertQueue('old-stream', {
      durable: true,
      arguments: { 'x-queue-type': 'stream', 'x-initial-cluster-size': 1 },
    });
    await connection.close();
    expect((await members()).get('old')).to.equal(1);
    const [tool] = nodes();
    for (const name of cluster?.nodes.keys() ?? []) {
      await Promise.all([
        tool?.control(['grow', name, 'all'], 'rabbitmq-queues'),
        // The node on which it was made has it already.
        tool?.control(['add_replica', 'old-stream', name], 'rabbitmq-streams').catch(() => undefined),
      ]);
    }
    await eventually(
      async () => {
        const counts = await members();
        return counts.get('old') === SIZE && counts.get('old-stream') === SIZE;
      },
      { within: 15_000, what: 'three members each', every: 500 },
    );
  });
});
