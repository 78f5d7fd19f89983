import pg from 'pg';

/** How often the database is looked after. */
const ROUND_MS = 60_000;
/** Written since the last checkpoint; PGlite never makes one by itself, so its log would grow without end. */
const CHECKPOINT_AFTER_BYTES = 64 * 1024 * 1024;
/** Dead rows of a table before it is vacuumed; PGlite has no autovacuum. */
const DEAD_ROWS = 1_000;
const DEAD_SHARE = 0.2;

const TABLES_IN_NEED = `
  select quote_ident(relname) as name from pg_stat_user_tables
  where n_dead_tup > ${DEAD_ROWS} + ${DEAD_SHARE} * n_live_tup
     or n_mod_since_analyze > ${DEAD_ROWS} + ${DEAD_SHARE} * n_live_tup
     or n_ins_since_vacuum > ${DEAD_ROWS} + ${DEAD_SHARE} * n_live_tup`;

const LOG_BYTES = 'select (pg_current_wal_lsn() - redo_lsn)::float8 as bytes from pg_control_checkpoint()';

/** Does at intervals what Postgres' background processes do elsewhere. One statement at a time, between those of clients. */
export function keepTidy(url: string, roundMs = ROUND_MS): { stop(): Promise<void> } {
  let round: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    round = round
      .then(() => tidy(url))
      .then(
        () => undefined,
        (error) => console.error('upkeep of the embedded database failed', error),
      );
  }, roundMs);
  return {
    async stop() {
      clearInterval(timer);
      await round;
    },
  };
}

/** One round. */
export async function tidy(
  url: string,
  checkpointAfterBytes = CHECKPOINT_AFTER_BYTES,
): Promise<{ vacuumed: string[]; checkpoint: boolean }> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the statement under way rejects too
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(TABLES_IN_NEED);
    for (const { name } of rows) await client.query(`vacuum (analyze) ${name}`);
    const log = await client.query<{ bytes: number }>(LOG_BYTES);
    const checkpoint = (log.rows[0]?.bytes ?? 0) > checkpointAfterBytes;
    if (checkpoint) await client.query('checkpoint');
    return { vacuumed: rows.map((row) => row.name), checkpoint };
  } finally {
    await client.end();
  }
}
