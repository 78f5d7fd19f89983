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
  readonly kept: string[];
}

/** A worker without a broker. */
export function loneWorker(act: Parameters<typeof embedder>[0], outbox: Partial<Outbox>) {
  const fates: Fates = { acked: [], requeued: [], kept: [] };
  const names = new Map<Delivery, string>();
  const worker = new Worker({
    handlers: [embedder(act)],
    outbox: { append: async () => {}, publish: async () => {}, ...outbox },
    log: createLogger('bus-test', 'silent'),
    isCancelled: () => false,
    pauseLanes: () => {},
    keep: (delivery) => fates.kept.push(names.get(delivery) ?? ''),
    answered: () => {},
    ended: () => {},
  });
  const delivery = (command: Command, name: string, headers: Readonly<Record<string, unknown>>): Delivery => {
    const { content, properties } = envelopeOf(command);
    const fields = { routingKey: 'embedder.default.normal', redelivered: false };
    const message = { content, properties: { ...properties, headers: { ...properties.headers, ...headers } }, fields };
    const made: Delivery = {
      message: message as unknown as Message,
      ack: () => fates.acked.push(name),
      requeue: () => fates.requeued.push(name),
      lost: () => false,
    };
    names.set(made, name);
    return made;
  };
  return {
    fates,
    receive: (command: Command, name: string, headers = {}) => worker.receive(delivery(command, name, headers)),
  };
}
