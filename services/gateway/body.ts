import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.ts';

const tooLarge = (limit: number) => new Problem('payload_too_large', `the body may have ${limit} bytes at most`);

/**
 * The bytes of a request's body. Never holds more than `limit`; what is beyond is read and thrown away, so that the
 * client gets to see the answer.
 * @throws {Problem} payload_too_large
 */
export async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  return await new Promise<Buffer>((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void) => {
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      act();
    };
    const onData = (piece: Buffer) => {
      size += piece.length;
      if (size <= limit) pieces.push(piece);
      else {
        request.resume();
        settle(() => reject(tooLarge(limit)));
      }
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(pieces, size)));
    const onGone = () => settle(() => reject(new Problem('malformed_request', 'the request ended in mid-body')));
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @throws {Problem} malformed_json */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes)) as unknown;
  } catch (error) {
    throw new Problem('malformed_json', `the body is not JSON: ${(error as Error).message}`, { cause: error });
  }
}
