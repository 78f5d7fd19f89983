import { randomUUID } from 'node:crypto';
import type { Message } from 'amqplib';
import { withoutBrokerHeaders } from './broker-headers.ts';
import type { Outgoing } from './publisher.ts';

/**
 * A delivery as a new message for the lane it came from, under the same id. Giving back by nack or by closing the channel
 * would count as a delivery, and too many of those make a poison message of one that was never begun. A full lane may
 * refuse it: whoever insisted would wait, with a slot, for room that only slots can make.
 */
export function homeMessage({ content, properties, fields }: Message, lane = fields.routingKey): Outgoing {
  const { messageId, correlationId, type, contentType, timestamp, priority, headers } = properties;
  return {
    exchange: '',
    key: lane,
    content,
    properties: {
      ...present({ correlationId, type, contentType, timestamp, priority }),
      messageId: messageId ?? randomUUID(),
      headers: withoutBrokerHeaders(headers),
    },
    refusable: true,
  };
}

/** A message with one more header. */
export const withHeader = (message: Outgoing, name: string, value: unknown): Outgoing => ({
  ...message,
  properties: { ...message.properties, headers: { ...message.properties.headers, [name]: value } },
});

/** Only the fields that are set: amqplib refuses some that are undefined. */
export function present<T extends object>(fields: T): Partial<T> {
  const set: Partial<T> = { ...fields };
  for (const name in set) if (set[name] === undefined) delete set[name];
  return set;
}
