import { setTimeout as sleep } from 'node:timers/promises';
import { OutageError, RetryableError } from '../../shared/bus/errors.ts';
import type { Handler, Work } from '../../shared/bus/handler.ts';
import type { Database } from '../../shared/store/database.ts';
import { StoreUnavailableError } from '../../shared/store/errors.ts';

/** How long the lanes rest before the database is asked again. */
const PAUSE_MS = 1_000;
/** A connection may break under a command whose turn it is not; what breaks this often may be the command's own doing. */
const TRIES = 3;
const AGAIN_MS = 100;

/**
 * Handlers to which a database that is away is an outage: nothing is wrong with their commands, so no attempt is spent.
 * With one that answers a ping the command is tried again at once, a few times, and only then counts as failed.
 */
export const waitForDatabase =
  (db: Pick<Database, 'ping'>) =>
  ({ type, run }: Handler): Handler => ({ type, run: (body, work) => patiently(db, work, () => run(body, work)) });

async function patiently<Result>(
  db: Pick<Database, 'ping'>,
  { signal }: Work,
  act: () => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      if (!(await answers(db))) throw outage(error);
      if (tries === TRIES || signal.aborted) throw error;
      await sleep(AGAIN_MS);
    }
  }
}

const answers = (db: Pick<Database, 'ping'>): Promise<boolean> =>
  db.ping().then(
    () => true,
    () => false,
  );

const outage = (cause: StoreUnavailableError): OutageError =>
  new OutageError('database', cause.message, PAUSE_MS, new RetryableError('internal', cause.message, { cause }));
