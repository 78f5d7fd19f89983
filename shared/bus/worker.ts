import type { Logger } from 'pino';
import type { Command } from '../messages/command.ts';
import { metrics } from '../metrics/metrics.ts';
import { attempt } from './attempt.ts';
import { conclude, waitLonger } from './conclude.ts';
import { deadMessage } from './dead-letter.ts';
import type { Delivery } from './delivery.ts';
import { openEnvelope } from './envelope.ts';
import { AbortedError } from './errors.ts';
import type { Handler } from './handler.ts';
import type { Outbox } from './outbox.ts';
import { recoverability } from './recoverability.ts';
import { tellerOf } from './teller.ts';

/** Commands that come back a little too early are carried out all the same. */
const EARLY_MS = 500;

export interface WorkerOptions {
  readonly handlers: readonly Handler[];
  readonly outbox: Outbox;
  readonly log: Logger;
  isCancelled(job: string): boolean;
  pauseLanes(ms: number): void;
}

export interface Worker {
  /** Does everything that a delivery asks for. Never rejects. */
  receive(delivery: Delivery): Promise<void>;
  busy(): number;
  cancel(job: string): void;
  abortAll(reason: AbortedError['reason']): void;
}

interface Running {
  readonly command: Command;
  readonly abort: AbortController;
  /** More than one when the command was delivered again meanwhile: all are answered when it ends. */
  readonly deliveries: Delivery[];
}

export function createWorker(options: WorkerOptions): Worker {
  const { outbox, log } = options;
  const handlers = new Map(options.handlers.map((handler) => [handler.type, handler]));
  const running = new Map<string, Running>();

  const receive = async (delivery: Delivery): Promise<void> => {
    try {
      await pickUp(delivery);
    } catch (error) {
      // Nothing is acked, so the broker gives the command to somebody again.
      log.error({ err: error, id: delivery.message.properties.messageId }, 'the outcome of a command is not safe');
    }
  };

  const pickUp = async (delivery: Delivery): Promise<void> => {
    const opened = await openOrBury(delivery);
    if (opened === undefined) return delivery.ack();
    const { command, notBefore } = opened;
    const same = running.get(command.id);
    if (same !== undefined) {
      same.deliveries.push(delivery);
    } else if (isUnwanted(command)) {
      log.debug({ job: command.job, id: command.id }, 'dropped a command that nobody wants any more');
      delivery.ack();
    } else if (notBefore !== undefined && notBefore > Date.now() + EARLY_MS) {
      await outbox.publish(waitLonger(command, notBefore));
      delivery.ack();
    } else {
      await carryOut(command, delivery);
    }
  };

  const openOrBury = async (delivery: Delivery) => {
    try {
      return openEnvelope(delivery.message);
    } catch (error) {
      const verdict = recoverability(error, 1, 1);
      const origin = delivery.message.fields.routingKey;
      log.warn({ lane: origin, why: verdict.error.message }, 'buried a message that is no command');
      metrics.deadLetters.inc({ command: 'unknown', code: verdict.error.code });
      await outbox.publish(deadMessage(delivery.message, origin, verdict.error));
      return undefined;
    }
  };

  const isUnwanted = ({ job, deadline }: Command): boolean =>
    options.isCancelled(job) || (deadline !== undefined && deadline <= Date.now());

  const carryOut = async (command: Command, delivery: Delivery): Promise<void> => {
    const own: Running = { command, abort: new AbortController(), deliveries: [delivery] };
    running.set(command.id, own);
    metrics.inFlight.set(running.size);
    const startedAt = Date.now();
    try {
      const teller = tellerOf(command, outbox);
      const attemptLog = log.child({ job: command.job, stage: command.type, attempt: command.attempt });
      const handler = handlers.get(command.type);
      const ending = await attempt({ command, handler, teller, log: attemptLog, abort: own.abort });
      metrics.commandSeconds.observe({ command: command.type, outcome: ending.kind }, (Date.now() - startedAt) / 1000);
      await conclude(ending, {
        command,
        delivery,
        outbox,
        pauseLanes: options.pauseLanes,
      });
      for (const each of own.deliveries) each.ack();
    } finally {
      running.delete(command.id);
      metrics.inFlight.set(running.size);
    }
  };

  return {
    receive,
    busy: () => running.size,
    cancel: (job) => {
      for (const { command, abort } of running.values()) {
        if (command.job === job) abort.abort(new AbortedError('cancelled'));
      }
    },
    abortAll: (reason) => {
      for (const { abort } of running.values()) abort.abort(new AbortedError(reason));
    },
  };
}
