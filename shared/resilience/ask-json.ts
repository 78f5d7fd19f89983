import type { Call } from './call.ts';
import { jsonHeaders } from './endpoint.ts';
import { providerFetch } from './provider-fetch.ts';

export interface AskJsonOptions {
  readonly provider: string;
  readonly url: string;
  readonly call: Call;
  readonly key?: string | undefined;
}

/** What a server says at an address that others of its kind may not have: undefined when it refuses or says no JSON. */
export async function askJson({ provider, url, call, key }: AskJsonOptions): Promise<unknown> {
  const secrets = key === undefined ? [] : [key];
  try {
    return await (await providerFetch({ provider, call, secrets })(url, { headers: jsonHeaders(key) })).json();
  } catch {
    return undefined;
  }
}
