import type { ChatRequest } from 'ollama';
import { groundedMessages } from '../../prompt.ts';
import { temperatureOf } from '../../temperature.ts';
import { promptTokens } from '../../token-count.ts';
import type { GenerationRequest } from '../model.ts';

/** Long enough that a model stays in memory between the jobs of a quiet minute. */
export const KEEP_ALIVE = '10m';

/** Of a prompt that is longer Ollama drops the beginning in silence. A change of it makes Ollama load the model again. */
const CONTEXT_TOKENS = 8192;
const MOST_CONTEXT_TOKENS = 131_072;
const ANSWER_TOKENS = 1024;

/** The context that so many tokens need: the usual one, doubled as often as it takes, but no more than the model reads. */
export function contextFor(needed: number, limit = MOST_CONTEXT_TOKENS): number {
  let tokens = CONTEXT_TOKENS;
  while (tokens < needed && tokens < MOST_CONTEXT_TOKENS) tokens *= 2;
  return Math.min(tokens, limit);
}

/** What Ollama is asked for. `context`: how many tokens the model reads, where that is known. */
export function chatRequest(
  model: string,
  request: GenerationRequest,
  context?: number,
): ChatRequest & { stream: true } {
  const messages = groundedMessages(request);
  const temperature = temperatureOf(request);
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    stream: true,
    keep_alive: KEEP_ALIVE,
    options: {
      num_ctx: contextFor(promptTokens(messages) + (request.max_tokens ?? ANSWER_TOKENS), context),
      ...(temperature !== undefined && { temperature }),
      ...(request.max_tokens !== undefined && { num_predict: request.max_tokens }),
    },
  };
}
