import { groundedMessages } from '../../prompt.ts';
import { temperatureOf } from '../../temperature.ts';
import type { GenerationRequest } from '../model.ts';

/** What an OpenAI-compatible server is asked for. */
export function chatBody(model: string, request: GenerationRequest) {
  const temperature = temperatureOf(request);
  return {
    model,
    messages: groundedMessages(request).map(({ role, content }) => ({ role, content })),
    stream_options: { include_usage: true },
    ...(temperature !== undefined && { temperature }),
    ...(request.max_tokens !== undefined && { max_tokens: request.max_tokens }),
  };
}

/** One token of an answer to next to nothing. */
export const probeBody = (model: string) => ({
  model,
  messages: [{ role: 'user' as const, content: 'Hi' }],
  max_tokens: 1,
});
