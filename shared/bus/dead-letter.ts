import { createHash } from 'node:crypto';
import type { Message } from 'amqplib';
import { derivedId } from '../ids.ts';
import type { Command } from '../messages/command.ts';
import { ErrorCode, type JobError } from '../messages/job.ts';
import { CommandFailed } from '../messages/outcome.ts';
import { type JournalRecord, recordOf } from '../messages/record.ts';
import { withoutBrokerHeaders } from './broker-headers.ts';
import { jsonOrText, openDeadEnvelope } from './envelope.ts';
import { present } from './home-message.ts';
import type { Outbox } from './outbox.ts';
import type { Outgoing } from './publisher.ts';
import { EXCHANGES } from './topology.ts';

/** A command that came back from the dead letters so often stays there: something else must be mended. */
export const MAX_REPLAYS = 10;
const MAX_HEADER_CHARS = 2000;
const NO_JOB = 'none_0000000000000000';

export interface DeadLetter {
  readonly id: string;
  /** Absent when the message is not a command of ours; such a letter can only be discarded. */
  readonly job?: string;
  /** Message id of the command. */
  readonly command?: string;
  readonly type: string;
  readonly part?: string;
  /** The lane in which it died. */
  readonly queue: string;
  /** `failed`: the verdict of a worker. Others are the broker's own: `delivery_limit`, `expired`, `maxlen`, `rejected`. */
  readonly reason: string;
  readonly attempts: number;
  readonly error: JobError;
  /** RFC 3339 UTC. */
  readonly died_at: string;
  readonly replay_count: number;
  readonly replayable: boolean;
  readonly body: unknown;
}

/** The id of a command's dead letter; every replay of it is another command. */
export const deadLetterId = (job: string, command: string): string => derivedId('dl', job, command);

/** A message as it came, or one that never left. */
type Dying = Pick<Message, 'content'> & { readonly properties: Message['properties'] | Outgoing['properties'] };

/** A message on its way to the dead letters, with everything an operator wants to know in its headers. */
export function deadMessage(message: Dying, origin: string, error: JobError, diedAt = new Date()): Outgoing {
  const { headers, messageId, correlationId, type, contentType, timestamp, priority } = message.properties;
  const id = typeof messageId === 'string' && messageId !== '' ? messageId : contentHash(message);
  return {
    exchange: EXCHANGES.dead,
    key: '',
    content: message.content,
    properties: {
      messageId: id,
      ...present({ correlationId, type, contentType, timestamp, priority }),
      headers: {
        ...withoutBrokerHeaders(headers),
        'x-error-code': error.code,
        'x-error-message': error.message.slice(0, MAX_HEADER_CHARS),
        'x-error-retryable': error.retryable,
        ...present({ 'x-error-provider': error.provider }),
        'x-origin-lane': origin,
        'x-attempts': error.attempts ?? 0,
        'x-died-at': diedAt.toISOString(),
        ...present({ 'x-job': correlationId }),
      },
    },
  };
}

/** Puts away the parts of a message that cannot be read; resolves when they are safe. */
export const buryIn =
  ({ publish }: Outbox, origin: string) =>
  (message: Message, why: string, raw: unknown): Promise<void> => {
    const content = Buffer.from(typeof raw === 'string' ? raw : JSON.stringify(raw));
    return publish(
      deadMessage({ ...message, content }, origin, { code: 'validation', message: why, retryable: false }),
    );
  };

export interface ReadDeadLetter {
  readonly letter: DeadLetter;
  /** Absent when the message is not a command of ours. */
  readonly command?: Command;
}

/** Reads what lies in the dead letters, whoever put it there. Never throws. */
export function readDeadLetter(message: Message): ReadDeadLetter {
  const { headers = {}, type } = message.properties;
  const command = openDeadEnvelope(message)?.command;
  const death = brokersVerdict(headers);
  const verdict = 'x-error-code' in headers ? ourVerdict(headers) : death;
  const replays = command?.replay ?? 0;
  const letter: DeadLetter = {
    id: command === undefined ? foreignId(message) : deadLetterId(command.job, command.id),
    ...(command === undefined ? {} : { job: command.job, command: command.id, part: command.part }),
    type: text(type) ?? 'unknown',
    ...verdict,
    attempts: command?.attempt ?? verdict.error.attempts ?? 0,
    error: { ...verdict.error, ...(command === undefined ? {} : { stage: command.type, attempts: command.attempt }) },
    replay_count: replays,
    replayable: command !== undefined && replays < MAX_REPLAYS,
    body: jsonOrText(message.content),
  };
  return command === undefined ? { letter } : { letter, command };
}

type Verdict = Pick<DeadLetter, 'queue' | 'reason' | 'died_at' | 'error'>;
type Headers = Record<string, unknown>;

function ourVerdict(headers: Headers): Verdict {
  const provider = text(headers['x-error-provider']);
  const code = ErrorCode.safeParse(headers['x-error-code']);
  return {
    queue: text(headers['x-origin-lane']) ?? 'unknown',
    reason: 'failed',
    died_at: text(headers['x-died-at']) ?? new Date(0).toISOString(),
    error: {
      code: code.success ? code.data : 'internal',
      message: text(headers['x-error-message']) ?? 'no reason was given',
      retryable: headers['x-error-retryable'] === true,
      attempts: typeof headers['x-attempts'] === 'number' ? headers['x-attempts'] : 0,
      ...(provider === undefined ? {} : { provider }),
    },
  };
}

/** The verdict on a command that seems to end its workers. */
export const poisonError = (attempts: number): JobError => ({
  code: 'poison_message',
  message: 'delivered again and again without an answer: each time its worker died or lost its connection',
  retryable: false,
  attempts,
});

const BROKER_REASONS: Readonly<Record<string, JobError>> = {
  delivery_limit: poisonError(0),
  expired: { code: 'deadline_exceeded', message: 'the broker let the message expire', retryable: true },
  maxlen: { code: 'internal', message: 'the lane was full', retryable: true },
  rejected: { code: 'internal', message: 'a consumer rejected the message', retryable: true },
};

/** Why the broker itself dead-lettered a message: the newest entry of `x-death`. */
function brokersVerdict(headers: Headers): Verdict {
  const [newest] = Array.isArray(headers['x-death']) ? headers['x-death'] : [];
  const reason = text(newest?.reason) ?? 'unknown';
  const seconds = newest?.time?.value;
  return {
    queue: text(newest?.queue) ?? text(headers['x-first-death-queue']) ?? 'unknown',
    reason,
    died_at: new Date(typeof seconds === 'number' ? seconds * 1000 : 0).toISOString(),
    error: BROKER_REASONS[reason] ?? { code: 'internal', message: 'put here by somebody else', retryable: false },
  };
}

/** With which a job hears that a command of it died. */
export function failedRecord({ letter, command }: ReadDeadLetter, body: unknown): JournalRecord | undefined {
  if (command === undefined) return undefined;
  const failed = CommandFailed({
    command: command.id,
    stage: command.type,
    part: command.part,
    dead_letter: letter.id,
    replay: command.replay,
    error: letter.error,
    body,
  });
  return recordOf(command, failed, Date.parse(letter.died_at), command.type);
}

const foreignId = (message: Message): string =>
  derivedId('dl', NO_JOB, text(message.properties.messageId) ?? contentHash(message));

const contentHash = (message: Dying): string =>
  createHash('sha256').update(JSON.stringify(message.properties)).update(message.content).digest('hex').slice(0, 32);

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
