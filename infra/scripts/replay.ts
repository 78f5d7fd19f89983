import { connect } from './replay/broker.ts';
import { runReplay } from './replay/command.ts';
import { EXIT } from './replay/exit-code.ts';
import { processTerminal } from './replay/terminal.ts';

/** `npm run replay`: the first Ctrl-C stops between two letters, the second at once. */
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
process.on('SIGINT', () => {
  if (stop.signal.aborted) process.exit(EXIT.interrupted);
  stop.abort();
});

const code = await runReplay(
  process.argv.slice(2),
  async (use) => {
    const bus = await connect(process.env);
    try {
      return await use(bus.deadLetters);
    } finally {
      await bus.close();
    }
  },
  processTerminal(stop.signal),
);
process.exit(code);
