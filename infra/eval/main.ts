import { EXIT } from '../cli/exit-code.ts';
import { processTerminal } from '../cli/terminal.ts';
import { listenForStop } from '../start/supervisor/stop-signals.ts';
import { runEval } from './command.ts';
import { type Reached, reach } from './reach.ts';

/** `npm run eval`: the first Ctrl-C ends in order, the second at once. */
let reached: Reached | undefined;
const stop = listenForStop(() => {
  reached?.abandon();
  process.exit(EXIT.interrupted);
});

const code = await runEval(
  process.argv.slice(2),
  {
    terminal: processTerminal(stop.signal),
    env: process.env,
    folder: process.env.INIT_CWD ?? process.cwd(), // where npm was called; npm itself changes to the project's folder
  },
  async (address) => (reached = await reach(address, process.env, stop.signal)),
);
stop.release();
await new Promise((resolve) => process.stdout.write('', resolve));
process.exit(code);
