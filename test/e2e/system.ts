import { type MockProvider, startMockProvider } from '../../infra/mock-provider/start-mock-provider.ts';
import { startWarren, type Warren } from '../support/warren.ts';

interface System {
  readonly warren: Warren;
  /** What the generator asks for texts. */
  readonly provider: MockProvider;
}

let shared: Promise<System> | undefined;

/** The system all end-to-end suites talk to: started by the first of them, stopped after the last (root hook). */
export function system(): Promise<System> {
  shared ??= start();
  return shared;
}

/** Answers in a few words. */
const MODEL = 'mock-itl15-len12';
/** Tells a story that takes some seconds. */
export const STORYTELLER = 'mock-itl15-len200';

/** An embedding model that whoever wants it must serve, in a pool of its own. */
export const NEXT_EMBEDDING_MODEL = 'mock-d64-itl40';
export const NEXT_POOL = 'next';

async function start(): Promise<System> {
  const provider = await startMockProvider();
  try {
    const warren = await startWarren({
      GENERATOR: 'ollama',
      OLLAMA_HOST: provider.url,
      GENERATION_MODEL: MODEL,
      ROUTES: JSON.stringify({ [NEXT_EMBEDDING_MODEL]: NEXT_POOL }),
    });
    return { warren, provider };
  } catch (error) {
    await provider.stop();
    throw error;
  }
}

/** Stops what was started; a process that stays behind fails the run. */
export async function stopSystem(): Promise<void> {
  if (shared === undefined) return;
  const running = await shared.catch(() => undefined); // its suites have told why it did not start
  if (running === undefined) return;
  const { warren, provider } = running;
  const { pids } = await warren.run();
  const code = await warren.stop();
  await provider.stop();
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
