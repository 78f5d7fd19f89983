import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { expect } from 'chai';
import type { PrivateBroker } from '../../infra/start/broker/broker.ts';
import { isRunning, untilGone } from '../../infra/start/broker/broker-process.ts';
import { readIdentity } from '../../infra/start/broker/identity.ts';
import { isFree } from '../../infra/start/broker/ports.ts';
import { startPrivateBroker } from '../../infra/start/broker/start-private-broker.ts';
import { removeScratch, scratch } from './scratch.ts';

const GONE_WITHIN_MS = 10_000;
/** RabbitMQ 3.10 writes down where a new quorum queue lies half a second after its birth; killed before, it is lost. */
const QUEUE_SETTLES_MS = 1_500;
const START_ALONE = new URL('./broker-alone.ts', import.meta.url).pathname;

async function withChannel<T>(
  url: string,
  use: (channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createConfirmChannel']>>) => Promise<T>,
): Promise<T> {
  const connection = await connect(url);
  connection.on('error', () => undefined);
  try {
    return await use(await connection.createConfirmChannel());
  } finally {
    await connection.close().catch(() => undefined);
  }
}

const publish = (url: string, text: string) =>
  withChannel(url, async (channel) => {
    await channel.assertQueue('kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    channel.sendToQueue('kept', Buffer.from(text), { persistent: true });
    await channel.waitForConfirms();
  });

const take = (url: string) =>
  withChannel(url, async (channel) => {
    const message = await channel.get('kept', { noAck: true });
    return message ? message.content.toString() : undefined;
  });

const start = (dataDir: string) => startPrivateBroker({ dataDir, log: () => undefined });

describe('a private broker', function () {
  this.timeout(180_000);
  const dataDir = scratch();
  let broker: PrivateBroker;

  before(async () => {
    broker = await start(dataDir);
  });

  after(async () => {
    await broker.stop();
    removeScratch();
  });

  it('keeps its login to itself', () => {
    const mode = (name: string) => statSync(join(dataDir, 'broker', name)).mode & 0o777;
    expect(mode('identity.json')).to.equal(0o600);
    expect(mode('.erlang.cookie')).to.equal(0o400);
    expect(new URL(broker.amqpUrl).hostname).to.equal('127.0.0.1');
  });

  it('is the same broker with the same messages after it was killed', async () => {
    const { amqpUrl, managementUrl, pid } = broker;
    await publish(amqpUrl, 'before the kill');
    await new Promise((resolve) => setTimeout(resolve, QUEUE_SETTLES_MS));
    const ended = new Promise<string>((resolve) => {
      const forget = broker.onExit((how) => {
        forget();
        resolve(how);
      });
    });
    broker.kill('SIGKILL');
    expect(await ended).to.equal('signal SIGKILL');
    expect(broker.pid).to.equal(undefined);
    await broker.restart();
    expect(broker.pid).to.be.a('number').and.not.to.equal(pid);
    expect([broker.amqpUrl, broker.managementUrl]).to.deep.equal([amqpUrl, managementUrl]);
    expect(await take(amqpUrl)).to.equal('before the kill');
  });

  it('leaves no process and no listener behind when it is stopped, and finds its data again', async () => {
    const { amqpUrl, pid = 0 } = broker;
    await publish(amqpUrl, 'before the stop');
    const { ports } = readIdentity(join(dataDir, 'broker')) ?? expect.fail('the identity is gone');
    await Promise.all([broker.stop(), broker.stop()]);
    expect(isRunning(pid)).to.equal(false);
    for (const port of Object.values(ports)) expect(await isFree(port), `port ${port}`).to.equal(true);
    broker = await start(dataDir);
    expect(broker.amqpUrl).to.equal(amqpUrl);
    expect(await take(amqpUrl)).to.equal('before the stop');
  });
});

describe('a private broker whose parent is killed', function () {
  this.timeout(180_000);
  const dataDir = scratch();
  const folder = join(dataDir, 'broker');
  let parent: ChildProcess | undefined;

  after(() => {
    parent?.kill('SIGKILL');
    removeScratch();
  });

  const startParent = () => {
    parent = spawn(process.execPath, ['--import', 'tsx', START_ALONE, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return parent;
  };

  const allFree = async (): Promise<boolean> => {
    const ports = Object.values(readIdentity(folder)?.ports ?? {});
    return (await Promise.all(ports.map((port) => isFree(port)))).every(Boolean);
  };

  const untilAllFree = async (): Promise<boolean> => {
    const deadline = Date.now() + GONE_WITHIN_MS;
    while (!(await allFree())) {
      if (Date.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return true;
  };

  /** The node writes its pid long before it is healthy. */
  const untilPidFile = async (): Promise<number> => {
    for (;;) {
      const pid = existsSync(join(folder, 'pid')) ? Number(readFileSync(join(folder, 'pid'), 'utf8')) : 0;
      if (pid > 0 && isRunning(pid)) return pid;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  it('ends with it, and so does its port mapper', async () => {
    const child = startParent();
    const pid = await new Promise<number>((resolve) => child.stdout?.once('data', (text) => resolve(Number(text))));
    expect(isRunning(pid), 'it runs').to.equal(true);
    child.kill('SIGKILL');
    expect(await untilGone(pid, GONE_WITHIN_MS), 'the broker is gone').to.equal(true);
    expect(await untilAllFree(), 'nobody listens any more').to.equal(true);
  });

  it('ends with it while it is still starting', async () => {
    const child = startParent();
    const pid = await untilPidFile();
    child.kill('SIGKILL');
    expect(await untilGone(pid, GONE_WITHIN_MS), 'the broker is gone').to.equal(true);
    expect(await untilAllFree(), 'nobody listens any more').to.equal(true);
  });
});
