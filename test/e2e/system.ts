import { after } from 'mocha';
import { type OllamaDouble, startOllamaDouble } from '../support/ollama-double.ts';
import { startWarren, type Warren } from '../support/warren.ts';

let shared: Promise<{ warren: Warren; ollama: OllamaDouble }> | undefined;

/** The system all end-to-end suites talk to; started by the first of them, stopped after the last. */
export function system(): Promise<{ warren: Warren; ollama: OllamaDouble }> {
  shared ??= (async () => {
    const ollama = await startOllamaDouble();
    const warren = await startWarren({ GENERATOR: 'ollama', OLLAMA_HOST: ollama.url, GENERATION_MODEL: 'double' });
    return { warren, ollama };
  })();
  return shared;
}
