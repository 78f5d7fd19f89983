import type { Message } from 'amqplib';
import type { Delivery } from '../../shared/bus/delivery.ts';
import { envelopeOf } from '../../shared/bus/envelope.ts';
import type { Outbox } from '../../shared/bus/outbox.ts';
import { Worker } from '../../shared/bus/worker.ts';
import { createLogger } from '../../shared/logger.ts';
import type { Command } from '../../shared/messages/command.ts';
import { embedder } from './bench.ts';

/** What became of deliveries, each by a name of its own. */
export interface Fates {
  readonly acked: string[];
  readonly requeued: string[];
}

/** A worker without a broker. */
export function loneWorker(act: Parameters<typeof embedder>[0], outbox: Partial<Outbox>) {
  const fates: Fates = { acked: [], requeued: [] };
  const worker = new Worker({
    handlers: [embedder(act)],
    outbox: { append: async () => {}, publish: async () => {}, ...outbox },
    log: createLogger('bus-test', 'silent'),
    isCancelled: () => false,
    pauseLanes: () => {},
    answered: () => {},
    ended: () => {},
  });
  const delivery = (command: Command, name: string): Delivery => {
    const fields = { routingKey: 'embedder.default.normal', redelivered: false };
    return {
      message: { ...envelopeOf(command), fields } as unknown as Message,
      ack: () => fates.acked.push(name),
      requeue: () => fates.requeued.push(name),
      lost: () => false,
    };
  };
  return { fates, receive: (command: Command, name: string) => worker.receive(delivery(command, name)) };
}
