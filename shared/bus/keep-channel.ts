import type { Channel, ChannelModel } from 'amqplib';
import type { Logger } from 'pino';
import { type Closeable, once } from './closeable.ts';
import type { Link } from './connection.ts';
import { backoffMs, pause, settlesWithin } from './pause.ts';

const FIRST_BACKOFF_MS = 50;
const MOST_BACKOFF_MS = 5_000;
/** A channel that lived so long was fine: the next one is opened without much delay. */
const STABLE_MS = 10_000;
const CLOSE_TIMEOUT_MS = 3_000;

export interface KeptChannel<C extends Channel> {
  readonly link: Link;
  readonly name: string;
  readonly log: Logger;
  open(connection: ChannelModel): Promise<C>;
  /** Called with every new channel; when it rejects the channel is closed and another one tried. */
  opened(channel: C): Promise<void> | void;
  /** Called when the channel of the last `opened` is gone. */
  gone?(channel: C): void;
}

/** Keeps a channel open for ever: opens another whenever it, or its connection, is closed. */
export function keepChannel<C extends Channel>(kept: KeptChannel<C>): Closeable {
  const stop = new AbortController();
  const ended = keepOpen(kept, stop.signal);
  return {
    close: once(() => {
      stop.abort();
      return ended;
    }),
  };
}

async function keepOpen<C extends Channel>(kept: KeptChannel<C>, stop: AbortSignal): Promise<void> {
  let failures = 0;
  while (!stop.aborted) {
    const openedAt = Date.now();
    try {
      await live(kept, await kept.link.connection(stop), stop);
    } catch (error) {
      if (!stop.aborted) kept.log.warn({ channel: kept.name, err: error }, 'a channel could not be used');
    }
    failures = Date.now() - openedAt > STABLE_MS ? 1 : failures + 1;
    await pause(backoffMs(failures, FIRST_BACKOFF_MS, MOST_BACKOFF_MS), stop);
  }
}

/** The life of one channel, from its opening until it is gone or no longer wanted. */
async function live<C extends Channel>(kept: KeptChannel<C>, connection: ChannelModel, stop: AbortSignal) {
  const channel = await kept.open(connection);
  const ended = new AbortController();
  // Without a listener for 'error' amqplib would tear the whole connection down.
  channel.on('error', (error) =>
    kept.log.warn({ channel: kept.name, why: error.message }, 'the broker closed a channel'),
  );
  channel.once('close', () => ended.abort());
  const over = aborted(AbortSignal.any([ended.signal, stop]));
  try {
    await Promise.race([kept.opened(channel), over]);
    await over;
  } finally {
    kept.gone?.(channel);
    if (!ended.signal.aborted) await closeChannel(channel);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Closes a channel, in bounded time and without complaint when it is closed already. */
export async function closeChannel(channel: Channel): Promise<void> {
  const closed = Promise.resolve().then(() => channel.close());
  await settlesWithin(closed, CLOSE_TIMEOUT_MS);
}
