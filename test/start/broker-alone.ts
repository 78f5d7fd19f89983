import { startPrivateBroker } from '../../infra/start/broker/start-private-broker.ts';

/** A process of its own that does nothing but keep a broker: to be killed. Prints the broker's pid. */
const [dataDir = ''] = process.argv.slice(2);
const broker = await startPrivateBroker({ dataDir, log: () => undefined });
process.stdout.write(`${broker.pid}\n`);
