import type { Channel } from 'amqplib';
import { z } from 'zod';
import { firstAddress } from '../amqp-addresses.ts';
import type { Link } from './connection.ts';
import { closeChannel } from './keep-channel.ts';
import { CONTROL, DEAD_LETTERS, JOURNAL_DEAD, type QueueSpec } from './topology.ts';

const MANAGEMENT_TIMEOUT_MS = 1_500;
const NOT_FOUND = 404;

export interface QueueInfo {
  readonly name: string;
  readonly kind: 'lane' | 'journal' | 'retry' | 'dead' | 'control';
  /** Messages that wait. */
  readonly depth: number;
  readonly consumers: number;
  /** Delivered, not yet answered. Only with a management URL. */
  readonly unacked?: number;
  /**
   * Age of the oldest waiting message in seconds; null where the broker does not tell. No version up to 4.3 does for quorum
   * queues, and looking into a queue for it would count as a delivery of what lies there.
   */
  readonly oldest_age_s: number | null;
}

/** Asks the broker about each queue; a queue that does not stand is left out. */
export async function countQueues(link: Link, queues: readonly QueueSpec[], signal: AbortSignal): Promise<QueueInfo[]> {
  const connection = await link.connection(signal);
  let channel: Channel | undefined;
  const found: QueueInfo[] = [];
  try {
    for (const { name } of queues) {
      channel ??= await openChannel(() => connection.createChannel());
      try {
        const { messageCount, consumerCount } = await channel.checkQueue(name);
        found.push({ name, kind: kindOf(name), depth: messageCount, consumers: consumerCount, oldest_age_s: null });
      } catch (error) {
        // Asking for a queue that is not there costs the channel.
        channel = undefined;
        if (!(error instanceof Error && 'code' in error && error.code === NOT_FOUND)) throw error;
      }
    }
  } finally {
    if (channel !== undefined) await closeChannel(channel);
  }
  return found;
}

async function openChannel(open: () => Promise<Channel>): Promise<Channel> {
  const channel = await open();
  channel.on('error', () => {});
  return channel;
}

const Listed = z.array(
  z.object({
    name: z.string(),
    messages_ready: z.number().default(0),
    messages_unacknowledged: z.number().default(0),
    consumers: z.number().default(0),
    head_message_timestamp: z.number().nullish(),
  }),
);

/** Asks the management API, which knows more: all pools of all workers, and what is under way. */
export async function listQueues(managementUrl: string, amqpUrl: string): Promise<QueueInfo[]> {
  const { href, username, password } = new URL(managementUrl);
  const url = new URL(`api/queues/${vhostOf(amqpUrl)}`, href.endsWith('/') ? href : `${href}/`);
  url.username = '';
  url.password = '';
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const answer = await fetch(url, {
    headers: { authorization: `Basic ${login}` },
    signal: AbortSignal.timeout(MANAGEMENT_TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`the management API answered ${answer.status} for ${url.pathname}`);
  return Listed.parse(await answer.json())
    .filter(({ name }) => !name.startsWith('amq.'))
    .map(infoOf);
}

const vhostOf = (amqpUrl: string): string => {
  const { pathname } = firstAddress(amqpUrl);
  return pathname.length > 1 ? encodeURIComponent(decodeURIComponent(pathname.slice(1))) : '%2F';
};

function infoOf(listed: z.output<typeof Listed>[number]): QueueInfo {
  const bornS = listed.head_message_timestamp;
  return {
    name: listed.name,
    kind: kindOf(listed.name),
    depth: listed.messages_ready,
    consumers: listed.consumers,
    unacked: listed.messages_unacknowledged,
    oldest_age_s: typeof bornS === 'number' ? Math.max(0, Math.round(Date.now() / 1000 - bornS)) : null,
  };
}

function kindOf(name: string): QueueInfo['kind'] {
  if (name === CONTROL) return 'control';
  if (name === DEAD_LETTERS || name === JOURNAL_DEAD) return 'dead';
  if (name.startsWith('retry.')) return 'retry';
  return name.startsWith('journal.') ? 'journal' : 'lane';
}
