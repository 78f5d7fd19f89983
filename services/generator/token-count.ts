import { estimateTokens } from '../../shared/estimate-tokens.ts';
import type { ChatMessage } from '../../shared/messages/inputs.ts';

/** Code, tables and rare words have more tokens than prose; an estimate that is too low has a prompt cut in silence. */
const SAFETY = 1.25;
/** What a chat template puts around a message. */
const MESSAGE_TOKENS = 8;

/** How many tokens a text has at most, as far as one can tell without the model's own tokenizer. */
export const textTokens = (text: string): number => Math.ceil(estimateTokens([text]) * SAFETY);

/** As `textTokens`, for a conversation. */
export const promptTokens = (messages: readonly Pick<ChatMessage, 'content'>[]): number =>
  messages.reduce((sum, { content }) => sum + textTokens(content) + MESSAGE_TOKENS, 0);
