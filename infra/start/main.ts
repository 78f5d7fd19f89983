import { addresses } from './addresses.ts';
import { runDemo } from './demo.ts';
import { readOptions } from './options.ts';
import { reportFailure } from './report-failure.ts';
import { untilAborted } from './supervisor/abortable.ts';
import { claim } from './supervisor/claim.ts';
import { gatewayPort } from './supervisor/gateway-port.ts';
import { listenForStop } from './supervisor/stop-signals.ts';
import { createWarren } from './supervisor/warren.ts';

const EXIT_AT_ONCE = 130;

/** `npm start`: brings everything up, shows it at work, and stays until it is told to stop. */
async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args, process.env);
  const giveBack = claim(options.dataDir);
  try {
    const port = await gatewayPort(options.port, options.host);
    const warren = createWarren(options, port);
    const stop = listenForStop(() => {
      warren.abandon();
      giveBack();
      process.exit(EXIT_AT_ONCE);
    });
    try {
      const run = await warren.start(stop.signal);
      if (options.demo)
        await runDemo(options.demo, { url: run.gateway_url, apiKey: options.apiKey, signal: stop.signal });
      if (!stop.signal.aborted) process.stdout.write(addresses(run));
      await untilAborted(stop.signal);
    } catch (error) {
      if (!stop.signal.aborted) reportFailure(error);
    } finally {
      await warren.stop();
      stop.release();
    }
  } finally {
    giveBack();
  }
}

await main(process.argv.slice(2)).catch(reportFailure);
// What was still starting when we were told to stop hangs on our pipes and channels, and ends with us.
process.exit();
