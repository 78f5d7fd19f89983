import { endianness } from 'node:os';

const BIG_ENDIAN = endianness() === 'BE';

/** A vector as messages carry it: little-endian Float32 in base64, many times cheaper to read than numbers in JSON. */
export function packVector(vector: Float32Array): string {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return (BIG_ENDIAN ? Buffer.from(bytes).swap32() : bytes).toString('base64');
}
