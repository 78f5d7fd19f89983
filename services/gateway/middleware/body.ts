import { parseJson, readBytes } from '../body.ts';
import type { Context } from '../context.ts';
import { Problem } from '../problem.ts';

/**
 * The JSON body of a request; undefined when there is none.
 * @throws {Problem} unsupported_media_type, payload_too_large, malformed_json
 */
export async function readJson(ctx: Context, limit: number): Promise<unknown> {
  refuseEncoded(ctx);
  if (!hasBody(ctx)) return undefined;
  if (!ctx.is('application/json', '+json')) {
    const type = ctx.get('Content-Type');
    const fault = type === '' ? 'there is no Content-Type' : `"${type}" is not understood`;
    throw new Problem('unsupported_media_type', `${fault}: send application/json`);
  }
  return parseJson(await readBytes(ctx.req, limit));
}

/** @throws {Problem} unsupported_media_type */
export function refuseEncoded(ctx: Context): void {
  const encoding = ctx.get('Content-Encoding');
  if (encoding !== '' && encoding !== 'identity') {
    throw new Problem('unsupported_media_type', `bodies in Content-Encoding "${encoding}" are not understood`);
  }
}

const hasBody = (ctx: Context): boolean =>
  ctx.get('Transfer-Encoding') !== '' || Number(ctx.get('Content-Length') || 0) > 0;
