import type { Logger } from 'pino';
import type { Command } from '../messages/command.ts';
import { metrics } from '../metrics/metrics.ts';
import { attempt, comesAgain } from './attempt.ts';
import { mayBeTakenLater, RefusedError } from './broker-errors.ts';
import { conclude, waitLonger } from './conclude.ts';
import { deadMessage, poisonError } from './dead-letter.ts';
import type { Delivery } from './delivery.ts';
import { type Opened, openEnvelope } from './envelope.ts';
import type { Handler } from './handler.ts';
import { homeMessage, withHeader } from './home-message.ts';
import type { Outbox } from './outbox.ts';
import { recoverability } from './recoverability.ts';
import { Running } from './running.ts';
import { Solitude } from './solitude.ts';
import { suspicionOf, UNANSWERED_HEADER, unansweredOf } from './suspicion.ts';
import { tellerOf } from './teller.ts';

/** Commands that come back a little too early are carried out all the same. */
const EARLY_MS = 500;
/** For a broker that refuses what follows from a command. */
const PATIENCE_MS = 1_000;

export interface WorkerOptions {
  readonly handlers: readonly Handler[];
  readonly outbox: Outbox;
  readonly log: Logger;
  isCancelled(command: Command): boolean;
  pauseLanes(ms: number): void;
  /** Comes again after the pause. */
  keep(delivery: Delivery): void;
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
  readonly #solitude: Solitude;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#solitude = new Solitude({ pauseLanes: options.pauseLanes, idle: () => this.running.idle() });
    this.#handlers = new Map(options.handlers.map((handler) => [handler.type, handler]));
  }

  /** Resolves when the delivery is dealt with. Never rejects. */
  async receive(delivery: Delivery): Promise<void> {
    try {
      await this.#pickUp(delivery);
    } catch (error) {
      const { messageId } = delivery.message.properties;
      const level = mayBeTakenLater(error) ? 'warn' : 'error';
      this.#options.log[level]({ err: error, id: messageId }, 'what follows from a command is not safe');
      this.#again(delivery, error);
    } finally {
      this.#options.ended(delivery);
    }
  }

  /** Requeueing is counted, which is right only when the command itself may be the cause. */
  #again(delivery: Delivery, error: unknown): void {
    if (mayBeTakenLater(error)) {
      this.#options.pauseLanes(PATIENCE_MS);
      this.#options.keep(delivery);
    } else {
      delivery.requeue();
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
    const unanswered = unansweredOf(delivery.message);
    const suspicion = suspicionOf(unanswered);
    if (suspicion === 'poison') return await this.#bury(delivery, command, unanswered.total);
    if (suspicion === 'back' || this.#solitude.taken) {
      if (await this.#putBack(delivery, command, unanswered.total)) return;
    }
    if (notBefore !== undefined && notBefore > Date.now() + EARLY_MS) {
      await this.#options.outbox.publish(waitLonger(command, notBefore));
      return delivery.ack();
    }
    const carryOut = () => this.#carryOut(command, delivery);
    await (suspicion === 'none' ? carryOut() : this.#solitude.run(carryOut));
  }

  #sitOutage(ms: number): void {
    this.#options.log.warn({ ms }, 'a provider is out: the lanes pause');
    this.#options.pauseLanes(ms);
  }

  /** To the back of its lane, with what is known of it. @returns false when its lane is full and it may begin now as well */
  async #putBack(delivery: Delivery, { id, job }: Command, unanswered: number): Promise<boolean> {
    const { log, outbox } = this.#options;
    log.info({ id, job, unanswered }, 'a command goes to the back of its lane');
    try {
      await outbox.publish(withHeader(homeMessage(delivery.message), UNANSWERED_HEADER, unanswered));
    } catch (error) {
      if (error instanceof RefusedError && !this.#solitude.taken) return false;
      throw error;
    }
    delivery.ack();
    return true;
  }

  /** A command whose workers died, or lost their connection, again and again. */
  async #bury(delivery: Delivery, { id, job, type }: Command, unanswered: number): Promise<void> {
    const { log, outbox } = this.#options;
    log.error({ id, job, unanswered }, 'buried a command that seems to end its workers');
    metrics.deadLetters.inc({ command: type, code: 'poison_message' });
    const { message } = delivery;
    await outbox.publish(deadMessage(message, message.fields.routingKey, poisonError(unanswered)));
    delivery.ack();
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

  #isUnwanted(command: Command): boolean {
    const { deadline } = command;
    return this.#options.isCancelled(command) || (deadline !== undefined && deadline <= Date.now());
  }

  async #carryOut(command: Command, delivery: Delivery): Promise<void> {
    const { outbox, answered, log } = this.#options;
    const run = this.running.begin(command, delivery);
    const measured = metrics.commandSeconds.startTimer({ command: command.type });
    try {
      const ending = await attempt({
        command,
        handler: this.#handlers.get(command.type),
        teller: tellerOf(command, outbox),
        log,
        abort: run.abort,
        answered: () => answered(delivery),
      });
      measured({ outcome: ending.kind });
      if (ending.kind === 'done' || ending.kind === 'dead') answered(delivery);
      // The copy may be delivered here before its confirm comes: joined to this run it would be acked unread.
      run.sealed = comesAgain(ending);
      await conclude(ending, { command, delivery, outbox, pauseLanes: (ms) => this.#sitOutage(ms) });
      for (const each of run.deliveries) each.ack();
    } catch (error) {
      for (const joined of run.deliveries.slice(1)) this.#again(joined, error);
      throw error;
    } finally {
      this.running.end(run);
    }
  }
}
