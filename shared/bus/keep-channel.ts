import type { Channel, ChannelModel } from 'amqplib';
import type { Logger } from 'pino';
import { type Closeable, once } from './closeable.ts';
import type { Link } from './connection.ts';
import { backoffMs, pause, settlesWithin, untilAborted } from './pause.ts';
import { REDECLARE_AFTER_MS } from './redeclare.ts';

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

export interface ChannelKeeper extends Closeable {
  /** Gives the channel up and opens another: for one that is open and answers no more. */
  renew(): void;
}

/** Keeps a channel open for ever: opens another whenever it, or its connection, is closed. */
export function keepChannel<C extends Channel>(kept: KeptChannel<C>): ChannelKeeper {
  const stop = new AbortController();
  let givenUp = new AbortController();
  const nextLife = () => {
    givenUp = new AbortController();
    return givenUp.signal;
  };
  const ended = keepOpen(kept, stop.signal, nextLife);
  return {
    renew: () => givenUp.abort(),
    close: once(() => {
      stop.abort();
      return ended;
    }),
  };
}

async function keepOpen<C extends Channel>(
  kept: KeptChannel<C>,
  stop: AbortSignal,
  nextLife: () => AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!stop.aborted) {
    const openedAt = Date.now();
    const end = await live(kept, stop, nextLife());
    failures = Date.now() - openedAt > STABLE_MS ? 1 : failures + 1;
    const waitMs = backoffMs(failures, FIRST_BACKOFF_MS, MOST_BACKOFF_MS);
    await pause(end === 'refused' ? Math.max(waitMs, REDECLARE_AFTER_MS) : waitMs, stop);
  }
}

/** How a channel ended: `refused` when the broker closed it for something it did not like, e.g. a missing queue. */
type End = 'gone' | 'refused';

/** The life of one channel, from its opening until it is gone or no longer wanted. Never rejects. */
async function live<C extends Channel>(kept: KeptChannel<C>, stop: AbortSignal, givenUp: AbortSignal): Promise<End> {
  const { link, name, log } = kept;
  let end: End = 'gone';
  const ended = new AbortController();
  const over = () => ended.abort();
  let connection: ChannelModel | undefined;
  try {
    connection = await link.connection(stop);
    // A channel that dies in the very chunk of bytes that opens it says so before we can listen to it.
    connection.setMaxListeners(0).once('close', over);
    const channel = await kept.open(connection);
    // Without a listener for 'error' amqplib would tear the whole connection down.
    channel.on('error', (error) => {
      end = 'refused';
      log.warn({ channel: name, why: error.message }, 'the broker closed a channel');
    });
    channel.once('close', over);
    if (!ended.signal.aborted) await use(kept, channel, ended.signal, [stop, givenUp]);
  } catch (error) {
    if (!stop.aborted) log.warn({ channel: name, err: error }, 'a channel could not be used');
  } finally {
    connection?.removeListener('close', over);
  }
  return end;
}

async function use<C extends Channel>(
  kept: KeptChannel<C>,
  channel: C,
  ended: AbortSignal,
  unwanted: readonly AbortSignal[],
) {
  const over = untilAborted(ended, ...unwanted);
  try {
    await Promise.race([kept.opened(channel), over]);
    await over;
  } finally {
    kept.gone?.(channel);
    if (!ended.aborted) await closeChannel(channel);
  }
}

/** Closes a channel, in bounded time and without complaint when it is closed already. */
export async function closeChannel(channel: Channel): Promise<void> {
  const closed = Promise.resolve().then(() => channel.close());
  await settlesWithin(closed, CLOSE_TIMEOUT_MS);
}
