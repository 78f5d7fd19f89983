import type { BrokerAddress, PrivateBroker } from './broker.ts';
import type { BrokerProcess } from './broker-process.ts';

export interface Revivable {
  readonly address: Required<BrokerAddress> & Pick<PrivateBroker, 'managementUrl' | 'user' | 'password'>;
  readonly first: BrokerProcess;
  /** Starts the next run on the same ports and data. */
  readonly spawn: () => BrokerProcess;
  /** Resolves when this run is healthy, rejects when it ended before. */
  readonly untilHealthy: (run: BrokerProcess) => Promise<void>;
  readonly control: PrivateBroker['control'];
  readonly stopTimeoutMs: number;
  readonly afterStop: () => Promise<void>;
}

/** A broker whose process may end and be started again, while its address stays. */
export function revivable({
  address,
  first,
  spawn,
  untilHealthy,
  control,
  stopTimeoutMs,
  afterStop,
}: Revivable): PrivateBroker {
  const listeners = new Set<(how: string) => void>();
  let current = first;
  let expected = false;
  let restarting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  const watch = (run: BrokerProcess) =>
    void run.exited.then((how) => {
      if (!expected) for (const listener of listeners) listener(how);
    });

  const startAgain = async (): Promise<void> => {
    expected = true;
    try {
      await current.end(stopTimeoutMs);
      if (stopping !== undefined) return;
      current = spawn();
      await untilHealthy(current);
    } finally {
      expected = stopping !== undefined;
    }
    watch(current);
  };

  const stopAll = async (): Promise<void> => {
    expected = true;
    await current.end(stopTimeoutMs);
    await restarting?.catch(() => undefined);
    await current.end(stopTimeoutMs);
    await afterStop();
  };

  watch(first);
  return {
    ...address,
    control,
    get pid() {
      return current.ended() === undefined ? current.pid : undefined;
    },
    kill: (signal = 'SIGKILL') => current.kill(signal),
    restart: () => (restarting ??= startAgain().finally(() => (restarting = undefined))),
    stop: () => (stopping ??= stopAll()),
    onExit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
