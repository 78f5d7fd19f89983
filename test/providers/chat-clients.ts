import { HuggingFaceChat } from '../../services/generator/models/huggingface/huggingface.ts';
import type { Finish, GenerationRequest } from '../../services/generator/models/model.ts';
import { OllamaChat } from '../../services/generator/models/ollama/ollama.ts';
import { OpenAiChat } from '../../services/generator/models/openai/openai.ts';
import type { ChatClient } from '../../services/generator/models/remote/chat-client.ts';
import type { RemoteModel } from '../../services/generator/models/remote/remote-model.ts';

export const KEY = 'sk-secret-0123456789';
export const PROMPT: GenerationRequest = { messages: [{ role: 'user', content: 'Tell me of rabbits.' }] };
/** Tokens of `mock-len12`. */
export const WORDS = 12;

/** Each provider of texts, at the mock provider. */
export const CLIENTS: Readonly<Record<string, (url: string) => ChatClient>> = {
  ollama: (url) => new OllamaChat(url),
  huggingface: (url) => new HuggingFaceChat({ token: KEY, endpointUrl: url }),
  openai: (url) => new OpenAiChat({ baseUrl: url, apiKey: KEY }),
};

interface Written {
  readonly text: string;
  readonly finish: Finish | undefined;
}

/** Has a model write to the end. */
export async function write(
  model: RemoteModel,
  name: string,
  signal = new AbortController().signal,
  onText?: () => void,
): Promise<Written> {
  let text = '';
  let finish: Finish | undefined;
  for await (const piece of model.generate({ ...PROMPT, model: name }, { signal })) {
    if ('finish' in piece) finish = piece.finish;
    else {
      text += piece.text;
      onText?.();
    }
  }
  return { text, finish };
}
