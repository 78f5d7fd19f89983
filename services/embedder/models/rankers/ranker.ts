import type { BreakerState } from '../../../../shared/resilience/breaker.ts';

export interface RankOptions {
  /** Aborted: nobody wants the scores any more; the upstream request is closed and the signal's reason thrown. */
  readonly signal: AbortSignal;
}

export interface Ranked {
  /** One a text, in the order of the texts; higher is better. Comparable within one call only. */
  readonly scores: readonly number[];
  /** Who answered. */
  readonly provider: string;
  readonly model: string;
}

/** Says how well each text answers a question. All calls may run at once. */
export interface Ranker {
  readonly provider: string;
  /** Its model; `default` where the server has one only and was not told its name. */
  readonly model: string;
  /** @throws {OutageError} when the provider is out, {RetryableError} when another try may help, {TerminalError} when it cannot */
  rank(question: string, texts: readonly string[], options: RankOptions): Promise<Ranked>;
  /** Has the model answer once. */
  warmUp(): Promise<void>;
  breakers(): Readonly<Record<string, BreakerState>>;
  close(): void;
}
