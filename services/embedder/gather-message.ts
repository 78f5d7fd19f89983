import { TerminalError } from '../../shared/bus/errors.ts';
import type { Priority } from '../../shared/messages/job.ts';
import type { Failure, PartlyEmbedded } from './embed-partially.ts';
import type { Waiting } from './gather-plan.ts';
import type { Role } from './models/model.ts';

export interface Wanted {
  readonly texts: readonly string[];
  readonly role: Role;
  /** Of high priority are those for whom somebody waits: they go at once, in calls of their own. */
  readonly priority: Priority;
  /** Goes in a call of its own, e.g. because an earlier one failed. */
  readonly alone: boolean;
  /** null for a text that cannot be embedded, rather than an error for all. */
  readonly partial: boolean;
  readonly signal: AbortSignal;
}

/** What a message gets; `tokens` and `ms` are its share of its calls. */
export interface Gathered extends PartlyEmbedded {
  readonly ms: number;
}

/** A message on its way through the calls that carry its texts. */
export interface Message extends Waiting {
  readonly texts: readonly string[];
  readonly partial: boolean;
  /** First text that no call carries yet. */
  next: number;
  /** Rejects or resolves once; later answers and failures are of no interest. */
  readonly result: Promise<Gathered>;
  readonly settled: boolean;
  /** What a call brought for the texts from `from` on. */
  add(from: number, answer: Gathered): void;
  fail(error: unknown): void;
}

let count = 0;

/** What a message that wants all or nothing is told. */
function inWords({ index, error }: Failure): TerminalError {
  const { code, provider, message } = error;
  return new TerminalError(code, `text ${index}: ${message}`, {
    cause: error,
    ...(provider !== undefined && { provider }),
  });
}

export function openMessage({ texts, role, priority, alone, partial }: Wanted): Message {
  const vectors: (Float32Array | null)[] = new Array(texts.length).fill(null);
  const failures: Failure[] = [];
  let [missing, tokens, ms] = [texts.length, 0, 0];
  let settled = false;
  let estimated = false;
  let provider: string | undefined;
  let settle: { resolve(gathered: Gathered): void; reject(error: unknown): void } | undefined;
  const result = new Promise<Gathered>((resolve, reject) => {
    settle = { resolve, reject };
  });
  result.catch(() => {}); // whoever awaits it hears of it
  const fail = (error: unknown): void => {
    settled = true;
    settle?.reject(error);
  };
  count += 1;
  return {
    id: count,
    role,
    priority,
    alone,
    partial,
    texts,
    chars: texts.map((text) => text.length),
    next: 0,
    result,
    get settled() {
      return settled;
    },
    fail,
    add: (from, answer) => {
      answer.vectors.forEach((vector, at) => {
        vectors[from + at] = vector;
      });
      failures.push(...answer.failures.map(({ index, error }) => ({ index: from + index, error })));
      const [failure] = failures;
      if (failure !== undefined && !partial) return fail(inWords(failure));
      missing -= answer.vectors.length;
      tokens += answer.tokens;
      estimated ||= answer.estimated === true;
      provider ??= answer.provider;
      ms += answer.ms;
      if (missing > 0) return;
      settled = true;
      settle?.resolve({ vectors, failures, provider, tokens: Math.round(tokens), estimated, ms: Math.round(ms) });
    },
  };
}
