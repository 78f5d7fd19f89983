import { TerminalError } from '../../shared/bus/errors.ts';
import { HttpRefusal } from '../../shared/resilience/refusal.ts';
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
  /** Who answered (the first of them), where a chain has several. */
  readonly provider?: string | undefined;
}

/** Who asks is refused, not what is asked: every text would meet the same. */
const NOT_FOR_US = new Set([401, 402, 403]);

/** Whether one of the texts may be to blame. A missing model, or a wrong key, fails every text alike. */
function mayBeTheTexts(error: unknown): error is TerminalError {
  if (!(error instanceof TerminalError) || error.code === 'model_not_found') return false;
  return !(error.cause instanceof HttpRefusal && NOT_FOR_US.has(error.cause.status));
}

function joined(left: PartlyEmbedded, right: PartlyEmbedded, offset: number): PartlyEmbedded {
  return {
    vectors: [...left.vectors, ...right.vectors],
    failures: [...left.failures, ...right.failures.map(({ index, error }) => ({ index: index + offset, error }))],
    tokens: left.tokens + right.tokens,
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
