import { writeFile } from 'node:fs/promises';

const VERSION = 3;
const ALIGNMENT = 32;
const EMBEDDING = 64;
const FEED_FORWARD = 128;
const LAYERS = 2;
const HEADS = 4;
const CONTEXT = 2048;
/** Kinds of values, and of tokens, as the format numbers them. */
const TYPE = { uint32: 4, int32: 5, float32: 6, string: 8, array: 9 } as const;
const TOKEN = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;
const FLOATS = 0;

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const f32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const list = (type: number, values: readonly Buffer[]): Buffer =>
  Buffer.concat([u32(type), u64(values.length), ...values]);
const pair = (key: string, type: number, value: Buffer): Buffer => Buffer.concat([text(key), u32(type), value]);

interface Token {
  readonly text: string;
  readonly type: number;
}

/** Three special tokens, one for each byte, and some words. */
const VOCABULARY: readonly Token[] = [
  { text: '<unk>', type: TOKEN.unknown },
  { text: '<s>', type: TOKEN.control },
  { text: '</s>', type: TOKEN.control },
  ...Array.from({ length: 256 }, (_, byte) => ({
    text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    type: TOKEN.byte,
  })),
  ...['▁', '▁rabbit', '▁warren', '▁queue', '▁the', '▁dig', 's', 'e', 'a'].map((word) => ({
    text: word,
    type: TOKEN.normal,
  })),
];

const METADATA: readonly Buffer[] = [
  pair('general.architecture', TYPE.string, text('llama')),
  pair('llama.block_count', TYPE.uint32, u32(LAYERS)),
  pair('llama.context_length', TYPE.uint32, u32(CONTEXT)),
  pair('llama.embedding_length', TYPE.uint32, u32(EMBEDDING)),
  pair('llama.feed_forward_length', TYPE.uint32, u32(FEED_FORWARD)),
  pair('llama.attention.head_count', TYPE.uint32, u32(HEADS)),
  pair('llama.attention.head_count_kv', TYPE.uint32, u32(HEADS)),
  pair('llama.attention.layer_norm_rms_epsilon', TYPE.float32, f32(1e-5)),
  pair('llama.rope.dimension_count', TYPE.uint32, u32(EMBEDDING / HEADS)),
  pair('tokenizer.ggml.model', TYPE.string, text('llama')),
  pair(
    'tokenizer.ggml.tokens',
    TYPE.array,
    list(
      TYPE.string,
      VOCABULARY.map((token) => text(token.text)),
    ),
  ),
  pair(
    'tokenizer.ggml.scores',
    TYPE.array,
    list(
      TYPE.float32,
      VOCABULARY.map(() => f32(0)),
    ),
  ),
  pair(
    'tokenizer.ggml.token_type',
    TYPE.array,
    list(
      TYPE.int32,
      VOCABULARY.map(({ type }) => u32(type)),
    ),
  ),
  pair('tokenizer.ggml.bos_token_id', TYPE.uint32, u32(1)),
  pair('tokenizer.ggml.eos_token_id', TYPE.uint32, u32(2)),
];

const layer = (at: number): [string, number[]][] => [
  [`blk.${at}.attn_norm.weight`, [EMBEDDING]],
  [`blk.${at}.attn_q.weight`, [EMBEDDING, EMBEDDING]],
  [`blk.${at}.attn_k.weight`, [EMBEDDING, EMBEDDING]],
  [`blk.${at}.attn_v.weight`, [EMBEDDING, EMBEDDING]],
  [`blk.${at}.attn_output.weight`, [EMBEDDING, EMBEDDING]],
  [`blk.${at}.ffn_norm.weight`, [EMBEDDING]],
  [`blk.${at}.ffn_gate.weight`, [EMBEDDING, FEED_FORWARD]],
  [`blk.${at}.ffn_up.weight`, [EMBEDDING, FEED_FORWARD]],
  [`blk.${at}.ffn_down.weight`, [FEED_FORWARD, EMBEDDING]],
];

const TENSORS: readonly [string, number[]][] = [
  ['token_embd.weight', [EMBEDDING, VOCABULARY.length]],
  ...Array.from({ length: LAYERS }, (_, at) => layer(at)).flat(),
  ['output_norm.weight', [EMBEDDING]],
  ['output.weight', [EMBEDDING, VOCABULARY.length]],
];

/** The same numbers each time, between -0.5 and 0.5; norms are all ones. */
function weights(name: string, shape: readonly number[], seed: number): Buffer {
  const count = shape.reduce((product, size) => product * size, 1);
  if (name.includes('norm')) return Buffer.from(new Float32Array(count).fill(1).buffer);
  let state = seed * 2_654_435_761;
  const numbers = Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
  return Buffer.from(numbers.buffer);
}

const padding = (length: number): Buffer => Buffer.alloc((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);

/** Writes a language model of two small layers that knows nothing: it has a real server stream real tokens. */
export async function writeTinyModel(path: string): Promise<void> {
  const data: Buffer[] = [];
  let offset = 0;
  const infos = TENSORS.map(([name, shape], index) => {
    const bytes = weights(name, shape, index + 1);
    const info = Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(FLOATS), u64(offset)]);
    const padded = Buffer.concat([bytes, padding(bytes.length)]);
    data.push(padded);
    offset += padded.length;
    return info;
  });
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(VERSION),
    u64(TENSORS.length),
    u64(METADATA.length),
    ...METADATA,
    ...infos,
  ]);
  await writeFile(path, Buffer.concat([head, padding(head.length), ...data]));
}
