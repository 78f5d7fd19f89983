import type { Logger } from 'pino';

/** Something that runs while the service does. `start` and `stop` are called once each, in order and in reverse. */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A part that is open while the service runs. */
export function part(name: string, open: () => Promise<Closeable | readonly Closeable[]>): Part {
  let opened: readonly Closeable[] = [];
  return {
    name,
    start: async () => {
      opened = [await open()].flat();
    },
    stop: async () => {
      await Promise.all(opened.map((one) => one.close()));
    },
  };
}

interface Closeable {
  close(): Promise<void>;
}

/** What a started service tells the process that spawned it. */
export interface Ready {
  readonly url?: string;
  readonly healthUrl?: string;
}

/** Longer than any drain; a process that hangs beyond it is ended. */
const STOP_TIMEOUT_MS = 30_000;

/**
 * Starts the parts in order, says so, and stays until it is told to stop (SIGTERM, SIGINT, or the end of the parent that
 * spawned it); then stops them in reverse. A second signal ends the process at once.
 */
export async function runService(log: Logger, parts: readonly Part[], ready: () => Ready): Promise<void> {
  process.on('unhandledRejection', (error) => crash(log, error));
  process.on('uncaughtException', (error) => crash(log, error));
  const told = untilToldToStop();
  const started: Part[] = [];
  try {
    for (const part of parts) {
      const begun = Date.now();
      const stopped = await Promise.race([part.start(), told.then((why) => ({ why }))]);
      started.push(part);
      if (stopped !== undefined) break;
      log.debug({ part: part.name, ms: Date.now() - begun }, 'started');
    }
    log.info(ready(), 'ready');
    process.send?.({ type: 'ready', ...ready() });
    log.info({ why: await told }, 'draining');
  } catch (error) {
    log.fatal({ err: error }, 'could not start');
    process.exitCode = 1;
  }
  await stopWithin(log, started);
  process.exit();
}

function crash(log: Logger, error: unknown): never {
  log.fatal({ err: error }, 'crashed');
  process.exit(1);
}

function untilToldToStop(): Promise<string> {
  return new Promise((resolve) => {
    let told = false;
    const stop = (why: string) => {
      if (told && why !== 'disconnect') process.exit(1);
      told = true;
      resolve(why);
    };
    process.on('SIGTERM', () => stop('SIGTERM'));
    process.on('SIGINT', () => stop('SIGINT'));
    process.on('disconnect', () => stop('disconnect'));
    // The parent may have died while this process was still loading.
    if (process.connected === false) stop('disconnect');
  });
}

async function stopWithin(log: Logger, parts: readonly Part[]): Promise<void> {
  const timer = setTimeout(() => {
    log.error('the drain took too long');
    process.exit(1);
  }, STOP_TIMEOUT_MS);
  try {
    await stopAll(parts);
    log.info('stopped');
  } catch (error) {
    log.error({ err: error }, 'stopped with errors');
    process.exitCode = 1;
  } finally {
    clearTimeout(timer);
  }
}

/** Stops every part, last started first, even when one of them fails. @throws {AggregateError} of all failures */
export async function stopAll(parts: readonly Part[]): Promise<void> {
  const errors: unknown[] = [];
  for (const part of [...parts].reverse()) {
    try {
      await part.stop();
    } catch (error) {
      errors.push(new Error(`${part.name} did not stop cleanly`, { cause: error }));
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'some parts did not stop cleanly');
}
