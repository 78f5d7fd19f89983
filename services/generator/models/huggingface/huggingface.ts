import { askJson } from '../../../../shared/resilience/ask-json.ts';
import type { Call } from '../../../../shared/resilience/call.ts';
import { openAiRoute, routeBelow } from '../../../../shared/resilience/endpoint.ts';
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
import { contextInInfo, contextInModels } from '../openai/context-length.ts';
import type { ChatClient } from '../remote/chat-client.ts';

/** Texts of Hugging Face's inference service, or of an endpoint there or elsewhere that speaks like it. */
export class HuggingFaceChat implements ChatClient {
  readonly provider = HUGGING_FACE;
  readonly #options: HuggingFaceOptions;

  constructor(options: HuggingFaceOptions) {
    this.#options = options;
  }

  async *chat(model: string, request: GenerationRequest, call: Call): AsyncGenerator<Piece> {
    const { client, options } = await openHuggingFace(this.#options, call, () => checkedEvents(HUGGING_FACE));
    try {
      yield* piecesOf(HUGGING_FACE, model, client.chatCompletionStream(chatBody(model, request), options));
    } catch (error) {
      throw await withoutRequest(error, this.#options);
    }
  }

  /** An endpoint of one's own may say it, as TGI does or as vLLM; the service does not. */
  async contextTokens(model: string, call: Call): Promise<number | undefined> {
    const { endpointUrl, token } = this.#options;
    if (endpointUrl === undefined) return undefined;
    const ask = (url: string) => askJson({ provider: HUGGING_FACE, url, call, key: token });
    const told = contextInInfo(await ask(routeBelow(endpointUrl, 'info')));
    return told ?? contextInModels(await ask(openAiRoute(endpointUrl, 'models')), model);
  }

  async probe(model: string, call: Call): Promise<void> {
    const { client, options } = await openHuggingFace(this.#options, call);
    try {
      await client.chatCompletion(probeBody(model), options);
    } catch (error) {
      throw await withoutRequest(error, this.#options);
    }
  }
}
