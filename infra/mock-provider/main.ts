import { parseArgs } from 'node:util';
import { HELP, tables } from './help.ts';
import { type MockProviderOptions, startMockProvider } from './start-mock-provider.ts';

const USAGE_EXIT = 2;
const HIGHEST_PORT = 65_535;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= HIGHEST_PORT) return port;
  throw new UsageError(`--port: "${text}" is no port`);
}

function readAlias(text: string): [string, string] {
  const [name, model] = text.split('=');
  if (name && model) return [name, model];
  throw new UsageError(`--alias: "${text}" is not NAME=MODEL`);
}

function readOptions(args: readonly string[]): MockProviderOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      alias: { type: 'string', multiple: true, default: [] },
      'api-key': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  const apiKey = values['api-key'];
  return {
    port: readPort(values.port),
    host: values.host,
    aliases: Object.fromEntries(values.alias.map(readAlias)),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

const started = (url: string): string => `Mock provider at ${url}

${tables()}

Warren with it: GENERATOR=ollama GENERATION_MODEL=mock-ttft300-itl20-len200 OLLAMA_HOST=${url} npm start
Ctrl-C stops it.`;

async function run(options: MockProviderOptions): Promise<void> {
  const mock = await startMockProvider(options);
  console.log(started(mock.url));
  const stop = () => {
    // A second signal finds no listener and ends the process at once.
    process.off('SIGINT', stop).off('SIGTERM', stop);
    void mock.stop();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') console.log(HELP);
  else await run(options);
} catch (error) {
  console.error(`${(error as Error).message}\n`);
  process.exitCode = USAGE_EXIT;
}
