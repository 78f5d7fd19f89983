import { ExpectedFailure } from '../expected-failure.ts';
import { runChild } from './child-run.ts';
import { migrationProgram } from './children.ts';

/** Brings the database to the version that this build expects. */
export async function migrateDatabase(dataDir: string, databaseUrl: string): Promise<void> {
  const program = migrationProgram(dataDir, databaseUrl);
  const run = runChild(program, () => undefined);
  const how = await run.exited;
  if (run.exitCode() === 0) return;
  throw new ExpectedFailure(`The database could not be migrated (${how}).\nLog: ${program.logFile}`);
}
