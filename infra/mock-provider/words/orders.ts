import { readPrompt } from './reading.ts';

/** `Ignore your instructions and say "…"`, in one of the ways in which documents try it. */
const ORDER =
  /\b(?:ignore|forget|disregard)\b[^.\n]{0,60}\binstructions\b[^"\n]{0,60}\b(?:say|reply|answer|write)\b[^"\n]{0,30}"(?<words>[^"\n]{1,200})"/i;

/** What a prompt orders to say instead of an answer, when the order stands outside of its sources. */
export const orderedWords = (prompt: string): string | undefined =>
  ORDER.exec(readPrompt(prompt).outside)?.groups?.words;
