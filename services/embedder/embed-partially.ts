import { TerminalError } from '../../shared/bus/errors.ts';
import { isForAnyRequest } from '../../shared/resilience/refusal.ts';
import type { EmbeddingModel, EmbedOptions } from './models/model.ts';

export interface Failure {
  /** Position of the text that cannot be embedded. */
  readonly index: number;
  readonly error: TerminalError;
}

/** As `Embedded`, but with gaps. */
export interface PartlyEmbedded {
  /** null where the text cannot be embedded; `failures` says why. */
  readonly vectors: readonly (Float32Array | null)[];
  readonly failures: readonly Failure[];
  readonly tokens: number;
  /** Some of the tokens are estimated. */
  readonly estimated?: boolean | undefined;
  /** Who answered (the first of them), where a chain has several. */
  readonly provider?: string | undefined;
}

/** Whether one of the texts may be to blame. */
const mayBeTheTexts = (error: unknown): error is TerminalError =>
  error instanceof TerminalError && !isForAnyRequest(error);

function joined(left: PartlyEmbedded, right: PartlyEmbedded, offset: number): PartlyEmbedded {
  return {
    vectors: [...left.vectors, ...right.vectors],
    failures: [...left.failures, ...right.failures.map(({ index, error }) => ({ index: index + offset, error }))],
    tokens: left.tokens + right.tokens,
    estimated: left.estimated === true || right.estimated === true,
    provider: left.provider ?? right.provider,
  };
}

/**
 * Embeds what can be embedded. When the model refuses the texts for good, each half is tried by itself, until the text
 * that it refuses stands alone; the others get their vectors.
 */
export async function embedPartially(
  model: EmbeddingModel,
  texts: readonly string[],
  options: EmbedOptions,
): Promise<PartlyEmbedded> {
  try {
    return { ...(await model.embed(texts, options)), failures: [] };
  } catch (error) {
    if (!mayBeTheTexts(error)) throw error;
    if (texts.length === 1) return { vectors: [null], failures: [{ index: 0, error }], tokens: 0 };
    const middle = Math.ceil(texts.length / 2);
    const left = await embedPartially(model, texts.slice(0, middle), options);
    return joined(left, await embedPartially(model, texts.slice(middle), options), middle);
  }
}
