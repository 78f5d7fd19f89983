import { parseArgs } from 'node:util';
import { startEmbeddedDatabase } from './server.ts';
import { keepTidy } from './upkeep.ts';

/**
 * The embedded database as a process: `node main.js --data DIR [--port N]`. Says `{type: 'ready', url}` to its parent
 * (or prints it as a line of JSON) and stops on SIGTERM, SIGINT, or when its parent has gone.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: 'string' }, port: { type: 'string', default: '0' } } });
  if (values.data === undefined) throw new Error('--data DIR says where the database lies');
  const stopAsked = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    process.once('disconnect', resolve);
  });
  const database = await startEmbeddedDatabase({ dataDir: values.data, port: Number(values.port) });
  const upkeep = keepTidy(database.url);
  const ready = { type: 'ready', url: database.url };
  if (process.send) process.send(ready);
  else console.log(JSON.stringify(ready));
  await stopAsked;
  await upkeep.stop();
  await database.stop();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
