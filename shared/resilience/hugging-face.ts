import type { InferenceClient, Options } from '@huggingface/inference';
import { TerminalError } from '../bus/errors.ts';
import type { Call } from './call.ts';
import { broken } from './failure.ts';
import { providerFetch } from './provider-fetch.ts';
import { explanation } from './refusal.ts';

export const HUGGING_FACE = 'huggingface';

export interface HuggingFaceOptions {
  readonly token?: string | undefined;
  /** An endpoint of one's own; without it Hugging Face's own service. */
  readonly endpointUrl?: string | undefined;
}

/** Two hundred modules, for those alone who use it. */
const library = () => import('@huggingface/inference');

const secretsOf = ({ token }: HuggingFaceOptions): readonly string[] => (token === undefined ? [] : [token]);

/**
 * Hugging Face's client for one call. It tries a 503 again at once and for ever unless it is told not to, and its errors
 * carry the request with its token: they must go through `withoutRequest`.
 */
export async function openHuggingFace(
  settings: HuggingFaceOptions,
  call: Call,
  check?: () => TransformStream<Uint8Array, Uint8Array>,
): Promise<{ readonly client: InferenceClient; readonly options: Options }> {
  const { InferenceClient } = await library();
  const { token = '', endpointUrl } = settings;
  const secrets = secretsOf(settings);
  const fetch = providerFetch({ provider: HUGGING_FACE, call, secrets, ...(check !== undefined && { check }) });
  return {
    client: new InferenceClient(token, endpointUrl === undefined ? {} : { endpointUrl }),
    options: { fetch, retry_on_error: false, signal: call.signal },
  };
}

/** An error of the client as one of ours; others as they are. */
export async function withoutRequest(error: unknown, settings: HuggingFaceOptions): Promise<unknown> {
  const { InferenceClientError, InferenceClientInputError } = await library();
  if (!(error instanceof InferenceClientError)) return error;
  const what = `could not be used: ${explanation(error.message, secretsOf(settings))}`;
  // The client itself refuses what it was asked: it will again.
  if (error instanceof InferenceClientInputError)
    return new TerminalError('provider_error', `${HUGGING_FACE} ${what}`, { provider: HUGGING_FACE });
  return broken(HUGGING_FACE, what);
}
