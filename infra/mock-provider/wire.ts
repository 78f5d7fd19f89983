import { once } from 'node:events';
import type { Call } from './call.ts';
import type { Fault } from './fault.ts';
import { wait } from './waiting.ts';

const DEFAULT_DRIP_BYTES = 8;
/** Long enough for the chunk before to be a TCP segment of its own. */
const BETWEEN_PIECES_MS = 1;

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** Two pieces: cut within the first UTF-8 sequence of several bytes, else in the middle. */
function halves(bytes: Buffer): Buffer[] {
  const within = bytes.findIndex(isContinuation);
  const at = within > 0 ? within : bytes.length >> 1;
  return at === 0 ? [bytes] : [bytes.subarray(0, at), bytes.subarray(at)];
}

function* drops(bytes: Buffer, size: number): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function writePiece({ response, signal }: Call, bytes: Buffer): Promise<void> {
  if (!response.write(bytes)) await once(response, 'drain', { signal });
}

async function writePieces(call: Call, pieces: Iterable<Buffer>, pauseMs: number): Promise<void> {
  for (const piece of pieces) {
    await writePiece(call, piece);
    await wait(pauseMs, call.signal);
  }
}

/** Writes to the client in the pieces that the fault asks for, no faster than it reads. */
export async function write(call: Call, text: string, fault: Fault): Promise<void> {
  const bytes = Buffer.from(text);
  if (fault.drip_ms !== undefined) {
    await writePieces(call, drops(bytes, fault.drip_bytes ?? DEFAULT_DRIP_BYTES), fault.drip_ms);
  } else if (fault.split === true) await writePieces(call, halves(bytes), BETWEEN_PIECES_MS);
  else await writePiece(call, bytes);
}
