import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Closeable } from './closeable.ts';
import type { Link } from './connection.ts';
import { jsonOf } from './envelope.ts';
import { subscribe } from './subscribe.ts';
import { CONTROL, control } from './topology.ts';

/** How far back a new worker reads. */
const PAST = '1h';
const PREFETCH = 200;
const MAX_REMEMBERED = 20_000;

const Cancel = z.object({ job: z.string().min(1) });

/** Which jobs nobody wants any more. */
export interface Cancellations extends Closeable {
  has(job: string): boolean;
  /** Calls back when a job is cancelled. */
  onCancel(listener: (job: string) => void): void;
}

export const cancelMessage = (job: string, id: string) => ({
  exchange: '',
  key: CONTROL,
  content: Buffer.from(JSON.stringify({ job })),
  properties: { messageId: id, type: 'job.cancel', correlationId: job, contentType: 'application/json' },
});

/** Reads the control stream from an hour ago on, and remembers a bounded number of jobs. */
export async function readCancellations(link: Link, log: Logger): Promise<Cancellations> {
  const jobs = new Set<string>();
  const heard = new EventEmitter<{ cancel: [string] }>();
  let next: number | undefined;

  const remember = (job: string) => {
    jobs.delete(job);
    jobs.add(job);
    const [oldest] = jobs;
    if (jobs.size > MAX_REMEMBERED && oldest !== undefined) jobs.delete(oldest);
    heard.emit('cancel', job);
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
      else remember(cancel.job);
    },
  });
  return {
    has: (job) => jobs.has(job),
    onCancel: (listener) => heard.on('cancel', listener),
    close: subscription.close,
  };
}

function readCancel(content: Buffer): z.infer<typeof Cancel> | undefined {
  try {
    return Cancel.parse(jsonOf(content));
  } catch {
    return undefined;
  }
}
