import type { Channel } from 'amqplib';
import { TopologyError } from './broker-errors.ts';
import type { Link } from './connection.ts';
import { closeChannel } from './keep-channel.ts';
import type { QueueSpec, Topology } from './topology.ts';

const PRECONDITION_FAILED = 406;

/** Makes everything of a topology that does not stand yet. @throws {TopologyError} something stands with other arguments */
export async function declareTopology(link: Link, { exchanges, queues }: Topology, signal: AbortSignal): Promise<void> {
  const connection = await link.connection(signal);
  const channel = await connection.createChannel();
  // The rejection of the call says it all.
  channel.on('error', () => {});
  try {
    for (const { name, type } of exchanges) {
      await explained(name, 'exchange', channel.assertExchange(name, type, { durable: true }));
    }
    for (const queue of queues) await declareQueue(channel, queue);
  } finally {
    await closeChannel(channel);
  }
}

export async function declareQueue(channel: Channel, { name, arguments: args, binding }: QueueSpec): Promise<void> {
  await explained(name, 'queue', channel.assertQueue(name, { durable: true, arguments: args }));
  if (binding !== undefined) await channel.bindQueue(name, binding.exchange, binding.key);
}

async function explained(name: string, what: 'queue' | 'exchange', declared: Promise<unknown>): Promise<void> {
  try {
    await declared;
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
    const message =
      `The ${what} "${name}" stands in the broker with other arguments than this version uses: ${error.message}. ` +
      `Mend it: stop all services, move or drain its messages, delete the ${what} "${name}" ` +
      '(management UI, or rabbitmqctl), and start again; it is made anew at the start.';
    throw new TopologyError(name, message, error);
  }
}

const isPreconditionFailed = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && error.code === PRECONDITION_FAILED;
