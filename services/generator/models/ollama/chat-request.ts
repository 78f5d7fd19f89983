import type { ChatRequest } from 'ollama';
import { groundedMessages } from '../../prompt.ts';
import { temperatureOf } from '../../temperature.ts';
import type { GenerationRequest } from '../model.ts';

/** Long enough that a model stays in memory between the jobs of a quiet minute. */
export const KEEP_ALIVE = '10m';

/** Of a prompt that is longer Ollama drops the beginning in silence. A change of it makes Ollama load the model again. */
const CONTEXT_TOKENS = 8192;
const MOST_CONTEXT_TOKENS = 131_072;
/** Fewer than in any language seen, so that the estimate errs on the safe side. */
const CHARS_PER_TOKEN = 3;
const ANSWER_TOKENS = 1024;

/** The context a conversation needs: the usual one, doubled as often as it takes. */
export function contextTokens(chars: number, answerTokens = ANSWER_TOKENS): number {
  const needed = Math.ceil(chars / CHARS_PER_TOKEN) + answerTokens;
  let tokens = CONTEXT_TOKENS;
  while (tokens < needed && tokens < MOST_CONTEXT_TOKENS) tokens *= 2;
  return tokens;
}

/** What Ollama is asked for. */
export function chatRequest(model: string, request: GenerationRequest): ChatRequest & { stream: true } {
  const messages = groundedMessages(request);
  const temperature = temperatureOf(request);
  const chars = messages.reduce((sum, { content }) => sum + content.length, 0);
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    stream: true,
    keep_alive: KEEP_ALIVE,
    options: {
      num_ctx: contextTokens(chars, request.max_tokens),
      ...(temperature !== undefined && { temperature }),
      ...(request.max_tokens !== undefined && { num_predict: request.max_tokens }),
    },
  };
}
