import { type Behaviour, behaviourOf } from './behaviour.ts';
import type { Call } from './call.ts';
import type { Counters } from './counters.ts';
import type { Fault } from './fault.ts';
import { Refusal } from './refusal.ts';
import { countTokens } from './words/tokens.ts';

/** What a route answers to: the request as it was understood. */
export interface Asked {
  readonly call: Call;
  /** The parsed body; undefined for a GET. */
  readonly body: unknown;
  readonly model: string;
  readonly behaviour: Behaviour;
  readonly fault: Fault;
  readonly counters: Counters;
}

const DEFAULT_POISON_STATUS = 400;

/** @throws {Refusal} when a text holds the word that poisons a batch */
export function refusePoison({ fault: { poison } }: Asked, texts: readonly string[]): void {
  if (poison === undefined) return;
  const index = texts.findIndex((text) => text.includes(poison.word));
  if (index < 0) return;
  throw new Refusal(poison.status ?? DEFAULT_POISON_STATUS, `input ${index} cannot be processed`);
}

/** @throws {Refusal} when there are more texts than the model takes at once */
export function refuseCrowd({ behaviour }: Asked, texts: number, defaultMost = Number.POSITIVE_INFINITY): void {
  const most = behaviour.maxBatch ?? defaultMost;
  if (texts > most) throw new Refusal(413, `batch size ${texts} > maximum allowed batch size ${most}`);
}

const CONTEXT_TOKENS = 8_192;

/** How many tokens a model says that it reads. */
export function contextOf(model: string): number {
  const behaviour = behaviourOf(model);
  return 'unknown' in behaviour ? CONTEXT_TOKENS : (behaviour.contextTokens ?? CONTEXT_TOKENS);
}

/** @throws {Refusal} when prompt and answer have more tokens than the model's name allows */
export function refuseLong({ behaviour: { contextTokens } }: Asked, prompt: string, answer = 0): void {
  const tokens = countTokens(prompt) + answer;
  if (contextTokens === undefined || tokens <= contextTokens) return;
  throw new Refusal(400, `This model's maximum context length is ${contextTokens} tokens. You requested ${tokens}.`);
}

/** Texts as the model reads them: cut at its context length when allowed. @throws {Refusal} when not */
export function fitContext(
  { behaviour }: Asked,
  texts: readonly string[],
  truncate: boolean,
  status: number,
): readonly string[] {
  const most = behaviour.contextTokens;
  if (most === undefined) return texts;
  return texts.map((text) => {
    if (countTokens(text) <= most) return text;
    if (!truncate) throw new Refusal(status, 'the input length exceeds the context length');
    return text.trim().split(/\s+/).slice(0, most).join(' ');
  });
}
