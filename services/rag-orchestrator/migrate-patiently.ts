import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../../shared/store/database.ts';
import { StoreUnavailableError } from '../../shared/store/errors.ts';
import { migrate } from '../../shared/store/migrate.ts';

const RETRY_MS = 1_000;

/** Brings the tables up to date as soon as the database can be reached. */
export async function migratePatiently(db: Database, log: Logger): Promise<void> {
  for (;;) {
    try {
      await migrate(db, log);
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      log.warn({ err: error }, 'waiting for the database');
      await delay(RETRY_MS);
    }
  }
}
