import type { GenerateAnswer } from '../../../shared/messages/answering.ts';
import type { Usage } from '../../../shared/messages/job.ts';
import type { BreakerState } from '../../../shared/resilience/breaker.ts';

/** What to write: a continuation of `messages`, or the answer to `question` out of `passages`. */
export type GenerationRequest = GenerateAnswer['body'];

/** How a text ended. */
export interface Finish {
  /** `stop` (whole), `length` (cut at max_tokens), or the provider's own word. */
  readonly finish_reason: string;
  /** The model that wrote it. */
  readonly model: string;
  readonly usage: Usage;
}

/** Some more of the text. `cites`: it is right as it stands, and cites these passages; else what it cites has to be read. */
export interface TextPiece {
  readonly text: string;
  readonly cites?: readonly number[];
}

/** Some more of the text, or its end. A stream without `finish` is not an answer. */
export type Piece = TextPiece | { readonly finish: Finish };

export interface GenerateOptions {
  /** Aborted: nobody wants the text any more; the upstream request is closed and the signal's reason thrown. */
  readonly signal: AbortSignal;
}

/** Writes texts, piece by piece. All calls may run at once. */
export interface LanguageModel {
  readonly provider: string;
  /** What writes when a request names no model. */
  readonly model: string;
  /** Whether it writes with the model of this name. */
  serves(model: string): boolean;
  /** Why it cannot write this at all, or undefined when it can. */
  refuses(request: GenerationRequest): string | undefined;
  /** How many tokens prompt and answer may have together; undefined when it does not matter. Never fails, never takes long. */
  contextTokens(request: GenerationRequest): Promise<number | undefined>;
  /**
   * The text. Closing the iteration early closes the upstream request.
   * @throws {OutageError} before any text when the provider is known to be out
   * @throws {RetryableError} when another try may help, {TerminalError} when it cannot
   */
  generate(request: GenerationRequest, options: GenerateOptions): AsyncIterable<Piece>;
  /** Makes the first request as fast as any later one. Rejects when the provider is out: it may be back for the next job. */
  warmUp(): Promise<void>;
  /** By provider; none for what cannot be out. */
  breakers(): Readonly<Record<string, BreakerState>>;
  close(): void;
}
