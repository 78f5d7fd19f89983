import { EXIT } from './exit-code.ts';
import { runCli } from './program.ts';
import { processTerminal } from './terminal.ts';

/** `npx warren`: the first Ctrl-C stops watching and says what goes on, the second ends at once. */
const stop = new AbortController();
const interrupt = () => {
  if (stop.signal.aborted) process.exit(EXIT.interrupted);
  stop.abort();
};
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

// Whoever read our output has read enough (`warren jobs | head`): that is no failure.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed));

const code = await runCli(process.argv.slice(2), process.env, processTerminal(stop.signal));
await new Promise((resolve) => process.stdout.write('', resolve));
process.exit(code);
