import type { Channel, Message } from 'amqplib';

/**
 * A message in our hands. It remembers its channel: an answer on any other channel would speak of another message.
 * Answers after the channel has gone are no error; the broker has taken the message back by then.
 */
export interface Delivery {
  readonly message: Message;
  /** Done. With `upTo` also for everything that came before on this channel. */
  ack(upTo?: boolean): void;
  /** The channel has gone, and the message is the broker's again. */
  lost(): boolean;
}

export function deliveryOf(channel: Channel, message: Message, gone: () => boolean): Delivery {
  let answered = false;
  return {
    message,
    ack: (upTo = false) => {
      // A second answer would make the broker close the channel.
      if (answered) return;
      answered = true;
      try {
        channel.ack(message, upTo);
      } catch {
        // The channel closed a moment ago: the message comes again and is recognised by its id.
      }
    },
    lost: gone,
  };
}
