export const OPENAI_HOST = 'api.openai.com';

/** OpenAI itself, where no other server is named. */
export const OPENAI_URL = `https://${OPENAI_HOST}/v1`;

/** The address of a route of an OpenAI-compatible server, whose base may end in `/v1` or leave it out. */
export function openAiRoute(base: string, route: string): string {
  const url = new URL(base);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = `${path === '' ? '/v1' : path}/${route}`;
  return url.href;
}

/** A route below a base address. */
export function routeBelow(base: string, route: string): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${route}`;
  return url.href;
}

/** Headers of a JSON request, with the key where one is needed. */
export const jsonHeaders = (key: string | undefined): Record<string, string> => ({
  'content-type': 'application/json',
  ...(key !== undefined && { authorization: `Bearer ${key}` }),
});
