import pino from 'pino';
import type { Work } from '../../shared/bus/handler.ts';
import { type Command, commandId } from '../../shared/messages/command.ts';
import type { Event } from '../../shared/messages/record.ts';

export const JOB = 'job_01890000-0000-7000-8000-000000000001';

/** One thing that a handler told. */
export interface Told {
  readonly event: Event;
  readonly detail: string;
  /** Milliseconds since the work began. */
  readonly atMs: number;
}

export interface FakeWork {
  readonly work: Work;
  readonly told: Told[];
  abort(reason: Error): void;
}

/** Work for a handler under test: nothing is sent, what it tells is kept. */
export function fakeWork(
  type: string,
  more: { attempt?: number; onTell?: (told: Told) => void | Promise<void> } = {},
): FakeWork {
  const controller = new AbortController();
  const told: Told[] = [];
  const begun = performance.now();
  const command: Command = {
    id: commandId(JOB, type, '0'),
    job: JOB,
    type,
    part: '0',
    body: {},
    priority: 'normal',
    pool: 'default',
    attempt: more.attempt ?? 1,
    max_attempts: 3,
    replay: 0,
  };
  const tell = async (event: Event, detail: string): Promise<void> => {
    const each = { event, detail, atMs: performance.now() - begun };
    told.push(each);
    await more.onTell?.(each);
  };
  return {
    work: { command, signal: controller.signal, tell, log: pino({ level: 'silent' }) },
    told,
    abort: (reason) => controller.abort(reason),
  };
}
