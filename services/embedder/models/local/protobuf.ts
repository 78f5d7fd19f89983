/** The three wire types of Protocol Buffers that ONNX files need. */
const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const CONTINUES = 0x80;

/** A field of a message: its bytes, tag included. Messages are the fields that they consist of. */
export type Field = Uint8Array;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= CONTINUES) {
    bytes.push((rest % CONTINUES) | CONTINUES);
    rest = Math.floor(rest / CONTINUES);
  }
  bytes.push(rest);
  return bytes;
}

const tag = (field: number, wireType: number): number[] => varint(field * 8 + wireType);

/** A whole number that is not negative. */
export const int = (field: number, value: number): Field => Uint8Array.from([...tag(field, VARINT), ...varint(value)]);

export function float(field: number, value: number): Field {
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value, true);
  return Buffer.concat([Uint8Array.from(tag(field, FIXED_32)), new Uint8Array(bits.buffer)]);
}

export const bytes = (field: number, value: Uint8Array): Field =>
  Buffer.concat([Uint8Array.from([...tag(field, LENGTH_DELIMITED), ...varint(value.byteLength)]), value]);

export const string = (field: number, value: string): Field => bytes(field, Buffer.from(value, 'utf8'));

export const message = (field: number, fields: readonly Field[]): Field => bytes(field, Buffer.concat(fields));
