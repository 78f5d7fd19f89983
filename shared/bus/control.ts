import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Command } from '../messages/command.ts';
import type { Closeable } from './closeable.ts';
import type { Link } from './connection.ts';
import { jsonOf } from './envelope.ts';
import { subscribe } from './subscribe.ts';
import { CONTROL, control } from './topology.ts';

/** How far back a new worker reads. */
const PAST = '1h';
const PREFETCH = 200;
const MAX_REMEMBERED = 20_000;

/** A job nobody wants any more. It may be replayed all the same, and then only commands of its former lives are unwanted. */
const Cancel = z.object({ job: z.string().min(1), replay: z.int().min(0).default(0) });
export type Cancel = z.infer<typeof Cancel>;

/** Which commands nobody wants any more. */
export interface Cancellations extends Closeable {
  has(command: Pick<Command, 'job' | 'replay'>): boolean;
  /** Calls back when a job is cancelled. */
  onCancel(listener: (cancel: Cancel) => void): void;
}

export const cancelMessage = ({ job, replay }: Cancel, id: string) => ({
  exchange: '',
  key: CONTROL,
  content: Buffer.from(JSON.stringify({ job, replay })),
  properties: { messageId: id, type: 'job.cancel', correlationId: job, contentType: 'application/json' },
});

/** Reads the control stream from an hour ago on, and remembers a bounded number of jobs. */
export async function readCancellations(link: Link, log: Logger): Promise<Cancellations> {
  const jobs = new Map<string, number>();
  const heard = new EventEmitter<{ cancel: [Cancel] }>();
  let next: number | undefined;

  const remember = ({ job, replay }: Cancel) => {
    const latest = Math.max(replay, jobs.get(job) ?? 0);
    jobs.delete(job);
    jobs.set(job, latest);
    const [oldest] = jobs.keys();
    if (jobs.size > MAX_REMEMBERED && oldest !== undefined) jobs.delete(oldest);
    heard.emit('cancel', { job, replay });
  };

  const subscription = await subscribe({
    link,
    log,
    queue: control(),
    prefetch: PREFETCH,
    consumerArguments: () => ({ 'x-stream-offset': next ?? PAST }),
    onDelivery: (delivery) => {
      const { content, properties } = delivery.message;
      const offset: unknown = properties.headers?.['x-stream-offset'];
      if (typeof offset === 'number') next = offset + 1;
      // A stream keeps everything: to ack is to ask for more.
      delivery.ack();
      const cancel = readCancel(content);
      if (cancel === undefined) log.warn({ offset }, 'a message of the control stream could not be read');
      else remember(cancel);
    },
  });
  return {
    has: ({ job, replay }) => replay <= (jobs.get(job) ?? -1),
    onCancel: (listener) => heard.on('cancel', listener),
    close: subscription.close,
  };
}

function readCancel(content: Buffer): Cancel | undefined {
  try {
    return Cancel.parse(jsonOf(content));
  } catch {
    return undefined;
  }
}
