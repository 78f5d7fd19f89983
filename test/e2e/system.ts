import { type OllamaDouble, startOllamaDouble } from '../support/ollama-double.ts';
import { startWarren, type Warren } from '../support/warren.ts';

interface System {
  readonly warren: Warren;
  readonly ollama: OllamaDouble;
}

let shared: Promise<System> | undefined;

/** The system all end-to-end suites talk to: started by the first of them, stopped after the last (root hook). */
export function system(): Promise<System> {
  shared ??= start();
  return shared;
}

async function start(): Promise<System> {
  const ollama = await startOllamaDouble();
  const warren = await startWarren({ GENERATOR: 'ollama', OLLAMA_HOST: ollama.url, GENERATION_MODEL: 'double' });
  return { warren, ollama };
}

/** Stops what was started; a process that stays behind fails the run. */
export async function stopSystem(): Promise<void> {
  if (shared === undefined) return;
  const { warren, ollama } = await shared;
  const { pids } = await warren.run();
  const code = await warren.stop();
  await ollama.stop();
  const left = Object.entries(pids).filter(([, pid]) => isAlive(pid));
  if (code !== 0 || left.length > 0) throw new Error(`Warren stopped with ${code}; left behind: ${JSON.stringify(left)}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
