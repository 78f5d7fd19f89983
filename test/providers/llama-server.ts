import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { eventually } from '../support/eventually.ts';

const START_MS = 60_000;

/** The command of llama.cpp's server: `LLAMA_SERVER`, or the one on the path; undefined when there is none. */
export function llamaServer(): string | undefined {
  const command = process.env.LLAMA_SERVER ?? 'llama-server';
  return spawnSync(command, ['--version'], { timeout: 20_000 }).status === 0 ? command : undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface LlamaServer {
  readonly url: string;
  /** Resolves when the model is loaded. Before, the server answers 503. */
  loaded(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it with a model; it may still be loading when this resolves. */
export async function startLlamaServer(command: string, model: string, args: readonly string[]): Promise<LlamaServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child: ChildProcess = spawn(command, ['-m', model, '--host', '127.0.0.1', '--port', String(port), ...args], {
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  return {
    url,
    loaded: () =>
      eventually(async () => (await fetch(`${url}/health`)).ok, {
        within: START_MS,
        what: 'llama-server to load its model',
        fatal: () => child.exitCode !== null,
      }),
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
