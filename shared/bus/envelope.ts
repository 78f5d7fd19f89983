import type { Message, Options } from 'amqplib';
import { z } from 'zod';
import { COMMANDS, type Command, weightOf } from '../messages/command.ts';
import { Priority } from '../messages/job.ts';
import { TerminalError } from './errors.ts';
import type { Outgoing } from './publisher.ts';
import { EXCHANGES, laneName } from './topology.ts';

/** Nothing larger travels; bigger things stay in the database and their id travels. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** A dead command comes back inside a record, so commands leave some room. */
const RECORD_ROOM_BYTES = 16 * 1024;
export const MAX_COMMAND_BYTES = MAX_MESSAGE_BYTES - RECORD_ROOM_BYTES;

const PRIORITY_VALUES: Readonly<Record<Priority, number>> = { high: 9, normal: 4, low: 0 };

const Headers = z.object({
  'x-part': z.string(),
  'x-attempt': z.int().min(1),
  'x-max-attempts': z.int().min(1),
  'x-deadline': z.number().optional(),
  'x-replay-count': z.int().min(0),
  'x-pool': z.string().min(1),
  'x-priority': Priority,
  'x-not-before': z.number().optional(),
  'x-weight': z.int().min(1).optional(),
});

const Properties = z.object({
  messageId: z.string().min(1),
  type: z.string().min(1),
  correlationId: z.string().min(1),
  headers: Headers,
});

/** A command as it travels: JSON in the body, everything about it in the properties, all readable in the management UI. */
export interface Envelope {
  readonly content: Buffer;
  readonly properties: Outgoing['properties'];
}

export const envelopeOf = (command: Command, notBefore?: number): Envelope => ({
  content: Buffer.from(JSON.stringify(command.body)),
  properties: { ...propertiesOf(command), headers: headersOf(command, notBefore) },
});

/** A command as a message for its lane. @throws {TerminalError} a body too large, or a type that nobody carries out */
export function sendable(command: Command): Outgoing {
  const message = { exchange: EXCHANGES.commands, key: homeLane(command), ...envelopeOf(command) };
  const bytes = message.content.length;
  if (bytes <= MAX_COMMAND_BYTES) return message;
  throw new TerminalError('validation', `the body of ${command.id} has ${bytes} bytes, more than ${MAX_COMMAND_BYTES}`);
}

const propertiesOf = (command: Command): Options.Publish & { messageId: string } => ({
  messageId: command.id,
  type: command.type,
  correlationId: command.job,
  contentType: 'application/json',
  timestamp: Math.floor(Date.now() / 1000),
  priority: PRIORITY_VALUES[command.priority],
});

const headersOf = (command: Command, notBefore?: number): z.input<typeof Headers> => ({
  'x-part': command.part,
  'x-attempt': command.attempt,
  'x-max-attempts': command.max_attempts,
  'x-replay-count': command.replay,
  'x-pool': command.pool,
  'x-priority': command.priority,
  'x-weight': weightOf(command),
  ...(command.deadline === undefined ? {} : { 'x-deadline': command.deadline }),
  ...(notBefore === undefined ? {} : { 'x-not-before': notBefore }),
});

/** A command as it came, its body not yet checked. */
export interface Opened {
  readonly command: Command;
  /** Epoch milliseconds before which a provider asked to be left alone. */
  readonly notBefore: number | undefined;
}

/** @throws {TerminalError} `validation`: not a command of ours, or its body is not JSON */
export const openEnvelope = ({ properties, content }: Message): Opened => opened(properties, jsonOf(content));

/** How much work a message asks for, without opening it. */
export function weightIn({ properties }: Message): number {
  const weight: unknown = properties.headers?.['x-weight'];
  return typeof weight === 'number' && weight >= 1 ? weight : 1;
}

/** The same for a message whose body may be anything; a body that is not JSON is given as text. */
export function openDeadEnvelope({ properties, content }: Message): Opened | undefined {
  try {
    return opened(properties, jsonOrText(content));
  } catch {
    return undefined;
  }
}

function opened(properties: Message['properties'], body: unknown): Opened {
  const { success, data, error } = Properties.safeParse(properties);
  if (!success) throw new TerminalError('validation', `not a command: ${z.prettifyError(error)}`);
  const { headers } = data;
  const deadline = headers['x-deadline'];
  const command: Command = {
    id: data.messageId,
    job: data.correlationId,
    type: data.type,
    part: headers['x-part'],
    body,
    priority: headers['x-priority'],
    pool: headers['x-pool'],
    attempt: headers['x-attempt'],
    max_attempts: headers['x-max-attempts'],
    replay: headers['x-replay-count'],
    ...(deadline === undefined ? {} : { deadline }),
  };
  return { command, notBefore: headers['x-not-before'] };
}

/** @throws {TerminalError} `validation` */
export function jsonOf(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch (error) {
    throw new TerminalError('validation', 'the body is not JSON', { cause: error });
  }
}

export function jsonOrText(content: Buffer): unknown {
  try {
    return jsonOf(content);
  } catch {
    return content.toString('utf8');
  }
}

/** The lane to which a command belongs. @throws {TerminalError} `validation`: nobody carries out such commands */
export function homeLane({ type, pool, priority }: Pick<Command, 'type' | 'pool' | 'priority'>): string {
  const kind = COMMANDS[type];
  if (kind === undefined) throw new TerminalError('validation', `nobody carries out "${type}"`);
  return laneName(kind.service, pool, priority);
}
