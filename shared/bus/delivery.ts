import type { Channel, Message } from 'amqplib';

/**
 * A message in our hands. It remembers its channel: an answer on any other channel would speak of another message.
 * Answers after the channel has gone are no error; the broker has taken the message back by then.
 */
export interface Delivery {
  readonly message: Message;
  /** Done. With `upTo` also for everything that came before on this channel. */
  ack(upTo?: boolean): void;
  /**
   * Back to the head of its queue at once, whatever stands in the way of publishers. Counted as a delivery without an
   * answer (see `suspicion`), as all are that a channel held when it went.
   */
  requeue(): void;
  /** The channel has gone, and the message is the broker's again. */
  lost(): boolean;
}

export function deliveryOf(channel: Channel, message: Message, gone: () => boolean): Delivery {
  let answered = false;
  const answer = (send: () => void) => {
    // A second answer would make the broker close the channel.
    if (answered) return;
    answered = true;
    try {
      send();
    } catch {
      // The channel closed a moment ago: the message comes again and is recognised by its id.
    }
  };
  return {
    message,
    ack: (upTo = false) => answer(() => channel.ack(message, upTo)),
    // RabbitMQ 4.3 does not count what comes back by nack: a command that fails its worker each time would come for ever.
    requeue: () => answer(() => channel.reject(message, true)),
    lost: gone,
  };
}
