import { TerminalError } from '../../shared/bus/errors.ts';
import type { Cut } from '../../shared/messages/answering.ts';
import type { ChatMessage } from '../../shared/messages/inputs.ts';
import type { Passage } from '../../shared/messages/retrieval.ts';
import type { GenerationRequest } from './models/model.ts';
import { groundedMessages } from './prompt.ts';
import { shorten } from './shorten.ts';
import { promptTokens, textTokens } from './token-count.ts';

/** Room for an answer when the job sets no limit; in a small context a share of it. */
const ANSWER_TOKENS = 1_024;
const ANSWER_SHARE = 1 / 4;
/** Borders, number and place of a source. */
const SOURCE_TOKENS = 32;
/** Less of a source says nothing. */
const FEWEST_SOURCE_TOKENS = 48;

export interface Fitted {
  readonly request: GenerationRequest;
  readonly cut?: Cut;
}

/** Tokens kept for the answer. */
export const answerTokens = ({ max_tokens }: GenerationRequest, context: number): number =>
  max_tokens ?? Math.min(ANSWER_TOKENS, Math.floor(context * ANSWER_SHARE));

const sourceTokens = ({ title, heading, text }: Passage): number =>
  textTokens(`${title}${heading}`) + textTokens(text) + SOURCE_TOKENS;

/** The best sources, as many as have room; the last of them may be shortened. */
function fitSources(passages: readonly Passage[], room: number): { kept: Passage[]; shortened: boolean; left: number } {
  const kept: Passage[] = [];
  let left = room;
  for (const passage of passages) {
    const tokens = sourceTokens(passage);
    if (tokens > left) {
      const textRoom = left - sourceTokens({ ...passage, text: '' });
      const text = textRoom < FEWEST_SOURCE_TOKENS ? '' : shorten(passage.text, textRoom);
      return text === ''
        ? { kept, shortened: false, left }
        : { kept: [...kept, { ...passage, text }], shortened: true, left: 0 };
    }
    kept.push(passage);
    left -= tokens;
  }
  return { kept, shortened: false, left };
}

/** The newest messages, as many as have room. */
function fitHistory(messages: readonly ChatMessage[], room: number): ChatMessage[] {
  let left = room;
  let from = messages.length;
  for (; from > 0; from -= 1) {
    left -= promptTokens(messages.slice(from - 1, from));
    if (left < 0) break;
  }
  return messages.slice(from);
}

/**
 * A request for an answer from passages, cut to a context of so many tokens with room for the answer: the oldest of the
 * history goes first, then the passages that are least relevant. All other requests stay as they are.
 * @throws {TerminalError} when there is no room for any source beside the question
 */
export function fitContext(request: GenerationRequest, context: number | undefined): Fitted {
  const { question, standalone, passages, messages = [] } = request;
  if (context === undefined || question === undefined || passages === undefined) return { request };
  const longest = standalone !== undefined && standalone.length > question.length ? standalone : question;
  const bare = promptTokens(groundedMessages({ question: longest, passages: [] }));
  const room = context - answerTokens(request, context) - bare;
  const { kept, shortened, left } = fitSources(passages, room);
  if (kept.length === 0 && (passages.length > 0 || room < 0)) {
    throw new TerminalError(
      'validation',
      `a question of about ${textTokens(longest)} tokens leaves no room for sources: the model reads ${context}, ${answerTokens(request, context)} of them are kept for the answer`,
    );
  }
  const history = fitHistory(messages, left);
  const cut: Cut = {
    ...(history.length < messages.length && { history: messages.length - history.length }),
    ...(kept.length < passages.length && { passages: passages.length - kept.length }),
    ...(shortened && { shortened: kept.length }),
  };
  if (Object.keys(cut).length === 0) return { request };
  return { request: { ...request, passages: kept, ...(request.messages !== undefined && { messages: history }) }, cut };
}
