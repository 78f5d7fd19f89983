import { type OllamaDouble, startOllamaDouble } from '../support/ollama-double.ts';
import type { ChatBody } from '../support/ollama-wire.ts';
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

const PIECE_MS = 15;
const LONG_STORY_WORDS = 200;

/** Many words to whoever wants a long story, few to everybody else; each answer cites its first source. */
function reply({ messages = [] }: ChatBody): string[] {
  const asked = messages.at(-1)?.content ?? '';
  if (!asked.includes('long story')) return ['In ', 'short: ', 'yes ', '[1].'];
  return Array.from({ length: LONG_STORY_WORDS }, (_, word) => `wörd${word} 🐇 `);
}

async function start(): Promise<System> {
  const ollama = await startOllamaDouble({ models: ['double'], reply, pieceMs: PIECE_MS });
  try {
    const warren = await startWarren({ GENERATOR: 'ollama', OLLAMA_HOST: ollama.url, GENERATION_MODEL: 'double' });
    return { warren, ollama };
  } catch (error) {
    await ollama.stop();
    throw error;
  }
}

/** Stops what was started; a process that stays behind fails the run. */
export async function stopSystem(): Promise<void> {
  if (shared === undefined) return;
  const running = await shared.catch(() => undefined); // its suites have told why it did not start
  if (running === undefined) return;
  const { warren, ollama } = running;
  const { pids } = await warren.run();
  const code = await warren.stop();
  await ollama.stop();
  const left = Object.entries(pids).filter(([, pid]) => isAlive(pid));
  if (code !== 0 || left.length > 0)
    throw new Error(`Warren stopped with ${code}; left behind: ${JSON.stringify(left)}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
