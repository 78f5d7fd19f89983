import { type ConfirmChannel, connect } from 'amqplib';
import { closedLoop } from '../load/loops.ts';
import type { Figures } from '../phases/phase.ts';
import { timesOf } from '../phases/times.ts';
import { startRabbitMq } from '../systems/rabbitmq.ts';
import { cpuFrom, type Floor } from './floor.ts';

const QUEUE = 'floor';
/** Publishes that wait for their confirm at once. */
const WINDOW = 100;
const PREFETCH = 250;
const BODY = Buffer.alloc(500, 'x');

const publish = (channel: ConfirmChannel): Promise<void> =>
  new Promise((resolve, reject) => {
    channel.sendToQueue(QUEUE, BODY, { persistent: true }, (error) => (error ? reject(error as Error) : resolve()));
  });

/** One connection to RabbitMQ and one quorum queue: what confirmed publishes cost, and what taking them off costs. */
export const broker: Floor = {
  name: 'broker',
  async run(stage) {
    const rabbit = await startRabbitMq(stage);
    const servers = [{ role: 'broker', pid: rabbit.pid }];
    const connection = await connect(`${rabbit.amqpUrl}?heartbeat=10`, { noDelay: true });
    const channel = await connection.createConfirmChannel();
    try {
      await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      const published = async (count: number): Promise<Figures> => {
        const cpu = cpuFrom(servers, true);
        const timed = await closedLoop(Array(count).fill(channel), { ms: stage.loopMs }, publish);
        return { ...timesOf(`publish.${count}`, timed), [`publish.${count}.cpu`]: cpu() / timed.times.length };
      };
      await published(WINDOW); // warm
      await channel.purgeQueue(QUEUE);
      const [alone, pipelined] = [await published(1), await published(WINDOW)];
      return { ...alone, ...pipelined, ...(await consumed(channel, () => cpuFrom(servers, true))) };
    } finally {
      await connection.close();
      await rabbit.stop();
    }
  },
};

/** Takes all that lies in the queue. */
async function consumed(channel: ConfirmChannel, count: () => () => number): Promise<Figures> {
  const { messageCount } = await channel.checkQueue(QUEUE);
  await channel.prefetch(PREFETCH);
  const cpu = count();
  const begun = performance.now();
  await new Promise<void>((resolve, reject) => {
    let left = messageCount;
    const take = (message: Parameters<Parameters<typeof channel.consume>[1]>[0]) => {
      if (message === null) return reject(new Error('the consumer was cancelled'));
      channel.ack(message);
      left -= 1;
      if (left === 0) resolve();
    };
    channel.consume(QUEUE, take).catch(reject);
  });
  await channel.checkQueue(QUEUE); // the acks have been read by then
  const seconds = (performance.now() - begun) / 1000;
  return { 'consume.rate': messageCount / seconds, 'consume.cpu': cpu() / messageCount };
}
