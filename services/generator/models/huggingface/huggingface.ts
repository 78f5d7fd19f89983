import type { Call } from '../../../../shared/resilience/call.ts';
import {
  HUGGING_FACE,
  type HuggingFaceOptions,
  openHuggingFace,
  withoutRequest,
} from '../../../../shared/resilience/hugging-face.ts';
import { checkedEvents } from '../../../../shared/resilience/sse.ts';
import type { GenerationRequest, Piece } from '../model.ts';
import { chatBody, probeBody } from '../openai/chat-body.ts';
import { piecesOf } from '../openai/chunk.ts';
import type { ChatClient } from '../remote/chat-client.ts';

/** Texts of Hugging Face's inference service, or of an endpoint there or elsewhere that speaks like it. */
export class HuggingFaceChat implements ChatClient {
  readonly provider = HUGGING_FACE;
  readonly #options: HuggingFaceOptions;

  constructor(options: HuggingFaceOptions) {
    this.#options = options;
  }

  async *chat(model: string, request: GenerationRequest, call: Call): AsyncGenerator<Piece> {
    const { client, options } = openHuggingFace(this.#options, call, () => checkedEvents(HUGGING_FACE));
    try {
      yield* piecesOf(HUGGING_FACE, model, client.chatCompletionStream(chatBody(model, request), options));
    } catch (error) {
      throw withoutRequest(error, this.#options);
    }
  }

  async probe(model: string, call: Call): Promise<void> {
    const { client, options } = openHuggingFace(this.#options, call);
    try {
      await client.chatCompletion(probeBody(model), options);
    } catch (error) {
      throw withoutRequest(error, this.#options);
    }
  }
}
