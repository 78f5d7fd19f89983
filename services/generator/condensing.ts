import type { CondenseQuestion } from '../../shared/messages/condensing.ts';
import type { ChatMessage } from '../../shared/messages/inputs.ts';
import { wholeCharacters } from './graphemes.ts';

const INSTRUCTIONS = [
  'You are given a conversation and the question that follows it.',
  'Say that question in words that can be understood without the conversation: put what "it", "they" or "there" mean in their place.',
  'Do not answer it, and add nothing that was not asked.',
  'Reply with the question alone, in the language in which it was asked. If it can be understood as it is, repeat it.',
].join('\n');

/** What a question refers to was said shortly before it; more of it costs time and leads astray. */
const MOST_MESSAGES = 8;
const MOST_MESSAGE_CHARS = 1_500;
/** No question is longer; a text that is has answered, or run away. */
export const LONGEST_QUESTION_CHARS = 2_000;

const SPEAKERS = { user: 'User', assistant: 'Assistant' } as const;

function turn({ role, content }: ChatMessage): string[] {
  if (role === 'system') return [];
  const said = content.replaceAll(/\s+/g, ' ').trim();
  // One more, since the last character of a text counts as unfinished.
  const told = wholeCharacters(said.slice(0, MOST_MESSAGE_CHARS + 1));
  return [`${SPEAKERS[role]}: ${said.length > MOST_MESSAGE_CHARS ? `${said.slice(0, told)}…` : said}`];
}

/** The request for a question that stands alone. The conversation is told, not had: a model that is in one answers. */
export function condensingMessages({ question, history }: CondenseQuestion['body']): ChatMessage[] {
  const conversation = history.flatMap(turn).slice(-MOST_MESSAGES).join('\n');
  return [
    { role: 'system', content: INSTRUCTIONS },
    { role: 'user', content: `Conversation:\n${conversation}\n\nQuestion: ${question}\n\nStand-alone question:` },
  ];
}

const THOUGHTS = /<think(?:ing)?>.*?<\/think(?:ing)?>/gis;
const LABEL = /^(?:\*\*)?(?:stand-?alone question|rephrased question|question)(?:\*\*)?\s*:\s*(?:\*\*)?/i;
const QUOTED = /^(["'“„«`])(.+)["'”“»`]$/s;

/** The question out of what a model wrote: without its thoughts, a label and quotes. Undefined when none is there. */
export function readQuestion(text: string): string | undefined {
  const bare = text.replaceAll(THOUGHTS, ' ').trim().replace(LABEL, '').replaceAll(/\s+/g, ' ').trim();
  const question = (QUOTED.exec(bare)?.[2] ?? bare).trim();
  return question === '' || question.length > LONGEST_QUESTION_CHARS ? undefined : question;
}
