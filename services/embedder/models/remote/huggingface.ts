import type { Call } from '../../../../shared/resilience/call.ts';
import { broken } from '../../../../shared/resilience/failure.ts';
import {
  HUGGING_FACE,
  type HuggingFaceOptions,
  openHuggingFace,
  withoutRequest,
} from '../../../../shared/resilience/hugging-face.ts';
import type { EmbeddingClient, RawEmbedding } from './embedding-client.ts';

/** What TEI takes by default. */
const MOST_TEXTS = 32;

/** Vectors of Text Embeddings Inference, at Hugging Face or at an endpoint of one's own. */
export class HuggingFaceEmbedding implements EmbeddingClient {
  readonly provider = HUGGING_FACE;
  readonly mostTexts = MOST_TEXTS;
  readonly #options: HuggingFaceOptions;
  readonly #model: string;

  constructor(options: HuggingFaceOptions, model: string) {
    this.#options = options;
    this.#model = model;
  }

  async request(texts: readonly string[], call: Call): Promise<RawEmbedding> {
    const { client, options } = await openHuggingFace(this.#options, call);
    try {
      // An endpoint has one provider; without it, naming one keeps the client from asking the hub who serves the model.
      const provider = this.#options.endpointUrl === undefined ? { provider: 'hf-inference' as const } : {};
      const args = { model: this.#model, inputs: [...texts], ...provider };
      const vectors: unknown = await client.featureExtraction(args, options);
      if (!Array.isArray(vectors)) throw broken(HUGGING_FACE, 'gave no vectors');
      return { vectors };
    } catch (error) {
      throw await withoutRequest(error, this.#options);
    }
  }
}
