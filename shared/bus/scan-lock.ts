import type { ChannelModel } from 'amqplib';
import { DeadLettersBusyError } from './broker-errors.ts';
import { closeChannel } from './keep-channel.ts';
import { backoffMs, pause } from './pause.ts';

/** Exclusive: of all connections only one can have it, and it ends with that one. */
const LOCK_QUEUE = 'dead-letters.scan';
const RESOURCE_LOCKED = 405;
const FIRST_BACKOFF_MS = 50;
const MOST_BACKOFF_MS = 500;

/**
 * Waits until nobody else scans the dead letters, or until that moment. Not for two scans on one connection: those have
 * to wait for each other where they start.
 * @throws {DeadLettersBusyError} somebody else does not come to an end
 */
export async function lockScan(
  connection: ChannelModel,
  until: number,
  stop: AbortSignal,
): Promise<() => Promise<void>> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await lock(connection);
    } catch (error) {
      const locked = error instanceof Error && 'code' in error && error.code === RESOURCE_LOCKED;
      if (!locked || stop.aborted) throw error;
      if (Date.now() > until) throw new DeadLettersBusyError(error);
      await pause(backoffMs(failures, FIRST_BACKOFF_MS, MOST_BACKOFF_MS), stop);
    }
  }
}

async function lock(connection: ChannelModel): Promise<() => Promise<void>> {
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  await channel.assertQueue(LOCK_QUEUE, { exclusive: true, durable: false });
  return async () => {
    await Promise.resolve(channel.deleteQueue(LOCK_QUEUE)).catch(() => {});
    await closeChannel(channel);
  };
}
