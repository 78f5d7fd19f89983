import type { Call } from '../../../../shared/resilience/call.ts';
import type { GenerationRequest, Piece } from '../model.ts';

/**
 * How one kind of server is asked for texts: one request a call, which obeys the call's signal. What it throws is
 * classified by who calls.
 */
export interface ChatClient {
  readonly provider: string;
  /** The text in pieces that are never empty, and its end. `context`: how many tokens the model reads, where that is known. */
  chat(model: string, request: GenerationRequest, call: Call, context?: number): AsyncIterable<Piece>;
  /** How many tokens the model reads, as its server says; undefined when it does not. */
  contextTokens(model: string, call: Call): Promise<number | undefined>;
  /** The smallest request that shows that the server answers with this model. */
  probe(model: string, call: Call): Promise<void>;
}
