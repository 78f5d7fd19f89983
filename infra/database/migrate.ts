import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from '../../shared/logger.ts';
import { StoreUnavailableError } from '../../shared/store/errors.ts';
import { migrate } from '../../shared/store/migrate.ts';

/** Brings the database at DATABASE_URL (or in the file DATABASE_URL_FILE) up to date, once, and ends. */

const PATIENCE_MS = 60_000;
const RETRY_MS = 1_000;

function databaseUrl(): string {
  const file = process.env.DATABASE_URL_FILE;
  const url = process.env.DATABASE_URL ?? (file === undefined ? undefined : readFileSync(file, 'utf8').trim());
  if (url !== undefined && url !== '') return url;
  process.stderr.write('DATABASE_URL is not set: it names the database to bring up to date.\n');
  process.exit(2);
}

const log = createLogger('migrate', 'info');
const url = databaseUrl();
const until = Date.now() + PATIENCE_MS;
for (;;) {
  try {
    const done = await migrate({ url }, log);
    if (done.length === 0) log.info('the database is up to date');
    break;
  } catch (error) {
    if (!(error instanceof StoreUnavailableError) || Date.now() > until) throw error;
    log.info({ err: error.message }, 'waiting for the database');
    await delay(RETRY_MS);
  }
}
