import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Service } from '../messages/command.ts';
import type { BreakerState, WorkerAlive } from './alive.ts';
import { type Closeable, once } from './closeable.ts';
import type { Link } from './connection.ts';
import { readCancellations } from './control.ts';
import type { Delivery } from './delivery.ts';
import type { Handler } from './handler.ts';
import { homeMessage } from './home-message.ts';
import { type ExpressLane, type Lanes, openLanes } from './lanes.ts';
import type { Outbox } from './outbox.ts';
import { settlesWithin } from './pause.ts';
import type { SurePublisher } from './publish-surely.ts';
import { lanes as laneSpecs } from './topology.ts';
import { Worker } from './worker.ts';

const ALIVE_EVERY_MS = 5_000;
const DRAIN_MS = 20_000;
/** For handlers to notice that they are aborted, and for their commands to go back. */
const AFTER_ABORT_MS = 3_000;
const GIVE_BACK_TIMEOUT_MS = 5_000;

export interface ServeOptions {
  readonly service: Service;
  readonly pool: string;
  /** Commands that may run at once. */
  readonly concurrency: number;
  /**
   * Work under way (see `weightOf`) beyond which no further command is begun. With it `concurrency` may be large: many
   * light commands run at once, or a few heavy ones. Default: no bound.
   */
  readonly room?: number;
  /**
   * So many slots beside those, which take from this lane and above alone: whoever waits there need not wait until
   * commands of lower lanes free a slot. Default none.
   */
  readonly express?: Readonly<Partial<Record<ExpressLane, number>>>;
  readonly handlers: readonly Handler[];
  readonly models?: readonly string[];
  /** Asked every few seconds for `worker.alive`. */
  readonly breakers?: () => Record<string, BreakerState>;
  /** How long running commands may go on after close; default 20,000. Then they are aborted and given back. */
  readonly drainMs?: number;
}

export interface Serving extends Closeable {
  /** Commands under way. */
  busy(): number;
}

export interface ServePorts {
  readonly link: Link;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly publisher: SurePublisher;
  tellAlive(alive: WorkerAlive): void;
}

/** Carries out the commands of a service's lanes: `concurrency` slots, each taking the next command when it is free. */
export async function serve(options: ServeOptions, ports: ServePorts): Promise<Serving> {
  const { service, pool, concurrency, room, express = {}, handlers, drainMs = DRAIN_MS } = options;
  const { high = 0, normal = 0 } = express;
  const { link, outbox } = ports;
  const log = ports.log.child({ pool });

  const cancellations = await readCancellations(link, log);
  const giveBack = backToLane(ports.publisher, log);
  const lanes = await openLanes({
    ...{ link, log, lanes: laneSpecs(service, pool), concurrency, room, giveBack },
    express: high + normal > 0,
  });
  const worker = new Worker({
    handlers,
    outbox,
    log,
    isCancelled: cancellations.has,
    pauseLanes: (ms) => lanes.pause(ms),
    keep: (delivery) => lanes.keep(delivery),
    answered: (delivery) => lanes.answered(delivery),
    ended: (delivery) => lanes.ended(delivery),
  });
  cancellations.onCancel((cancel) => worker.running.cancel(cancel));
  const slots = [
    ...Array.from({ length: concurrency }, () => runSlot(lanes, worker)),
    ...Array.from({ length: high }, () => runSlot(lanes, worker, 'high')),
    ...Array.from({ length: normal }, () => runSlot(lanes, worker, 'normal')),
  ];
  const id = randomUUID();
  const stopTelling = tellEvery(ALIVE_EVERY_MS, () => ports.tellAlive(aliveOf(id, options, worker.running.count)));

  return {
    busy: () => worker.running.count,
    close: once(async () => {
      await lanes.stop();
      if (!(await settlesWithin(Promise.all(slots), drainMs))) {
        worker.running.abortAll('shutdown');
        await settlesWithin(Promise.all(slots), AFTER_ABORT_MS);
      }
      stopTelling();
      await cancellations.close();
      await lanes.close();
    }),
  };
}

async function runSlot(lanes: Lanes, worker: Worker, express?: ExpressLane): Promise<void> {
  for (;;) {
    const delivery = await lanes.take(express);
    if (delivery === undefined) return;
    await worker.receive(delivery);
  }
}

const backToLane =
  (publisher: SurePublisher, log: Logger) =>
  async (delivery: Delivery, lane: string): Promise<boolean> => {
    try {
      await publisher.publish(homeMessage(delivery.message, lane), GIVE_BACK_TIMEOUT_MS);
      delivery.ack();
      return true;
    } catch (error) {
      log.warn({ lane, err: error }, 'could not give a command back');
      return false;
    }
  };

function tellEvery(ms: number, tell: () => void): () => void {
  const timer = setInterval(tell, ms);
  setImmediate(tell);
  return () => clearInterval(timer);
}

const aliveOf = (
  id: string,
  { service, pool, concurrency, models = [], breakers }: ServeOptions,
  busy: number,
): WorkerAlive => ({
  id,
  service,
  host: hostname(),
  pid: process.pid,
  pool,
  concurrency,
  busy,
  models: [...models],
  breakers: breakers?.() ?? {},
  at: new Date().toISOString(),
});
