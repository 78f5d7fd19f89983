import type { Logger } from 'pino';
import type { Command } from '../messages/command.ts';
import { metrics } from '../metrics/metrics.ts';
import { attempt } from './attempt.ts';
import { conclude, waitLonger } from './conclude.ts';
import { deadMessage } from './dead-letter.ts';
import type { Delivery } from './delivery.ts';
import { type Opened, openEnvelope } from './envelope.ts';
import type { Handler } from './handler.ts';
import type { Outbox } from './outbox.ts';
import { recoverability } from './recoverability.ts';
import { Running } from './running.ts';
import { tellerOf } from './teller.ts';

/** Commands that come back a little too early are carried out all the same. */
const EARLY_MS = 500;

export interface WorkerOptions {
  readonly handlers: readonly Handler[];
  readonly outbox: Outbox;
  readonly log: Logger;
  isCancelled(job: string): boolean;
  pauseLanes(ms: number): void;
  /** A command has shown that what it needs is there. */
  answered(delivery: Delivery): void;
  /** A delivery is dealt with. */
  ended(delivery: Delivery): void;
}

/** Does what deliveries ask for, and acks each when all that follows from it is safe. */
export class Worker {
  readonly running = new Running();
  readonly #options: WorkerOptions;
  readonly #handlers: ReadonlyMap<string, Handler>;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#handlers = new Map(options.handlers.map((handler) => [handler.type, handler]));
  }

  /** Resolves when the delivery is dealt with. Never rejects. */
  async receive(delivery: Delivery): Promise<void> {
    try {
      await this.#pickUp(delivery);
    } catch (error) {
      // Nothing is acked, so the broker gives the command to somebody again.
      const { messageId } = delivery.message.properties;
      this.#options.log.error({ err: error, id: messageId }, 'what follows from a command is not safe');
    } finally {
      this.#options.ended(delivery);
    }
  }

  async #pickUp(delivery: Delivery): Promise<void> {
    const opened = await this.#openOrBury(delivery);
    if (opened === undefined) return delivery.ack();
    const { command, notBefore } = opened;
    if (this.running.join(command.id, delivery)) return;
    if (this.#isUnwanted(command)) {
      this.#options.log.debug({ job: command.job, id: command.id }, 'dropped a command that nobody wants any more');
      return delivery.ack();
    }
    if (notBefore !== undefined && notBefore > Date.now() + EARLY_MS) {
      await this.#options.outbox.publish(waitLonger(command, notBefore));
      return delivery.ack();
    }
    await this.#carryOut(command, delivery);
  }

  async #openOrBury({ message }: Delivery): Promise<Opened | undefined> {
    const { log, outbox } = this.#options;
    try {
      return openEnvelope(message);
    } catch (error) {
      const verdict = recoverability(error, 1, 1).error;
      const lane = message.fields.routingKey;
      log.warn({ lane, why: verdict.message }, 'buried a message that is no command');
      metrics.deadLetters.inc({ command: 'unknown', code: verdict.code });
      await outbox.publish(deadMessage(message, lane, verdict));
      return undefined;
    }
  }

  #isUnwanted({ job, deadline }: Command): boolean {
    return this.#options.isCancelled(job) || (deadline !== undefined && deadline <= Date.now());
  }

  async #carryOut(command: Command, delivery: Delivery): Promise<void> {
    const { outbox, pauseLanes, answered } = this.#options;
    const run = this.running.begin(command, delivery);
    const measured = metrics.commandSeconds.startTimer({ command: command.type });
    try {
      const ending = await attempt({
        command,
        handler: this.#handlers.get(command.type),
        teller: tellerOf(command, outbox),
        log: this.#options.log.child({ job: command.job, stage: command.type, attempt: command.attempt }),
        abort: run.abort,
        answered: () => answered(delivery),
      });
      measured({ outcome: ending.kind });
      if (ending.kind === 'done' || ending.kind === 'dead') answered(delivery);
      await conclude(ending, { command, delivery, outbox, pauseLanes });
      for (const each of run.deliveries) each.ack();
    } finally {
      this.running.end(run);
    }
  }
}
