import { endianness } from 'node:os';

const BIG_ENDIAN = endianness() === 'BE';
const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** A vector out of little-endian Float32 in base64. Bytes that do not fill a number are left out. */
export function unpackVector(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  const whole = Uint8Array.prototype.slice.call(bytes, 0, bytes.length - (bytes.length % BYTES));
  if (BIG_ENDIAN) Buffer.from(whole.buffer).swap32();
  return new Float32Array(whole.buffer);
}
