import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { chooseEmbeddingModel } from '../../../services/embedder/models/choose.ts';
import type { Role } from '../../../services/embedder/models/model.ts';
import { parseConfig } from '../../../shared/config/config.ts';

/** A text with the vector that the local model gives it. */
export interface Embedded {
  readonly text: string;
  readonly vector: Float32Array;
}

const BATCH = 32;
const FLOAT_BYTES = 4;

/** The `text` of every line of a JSON lines file, embedded; vectors are kept in `cache` for the next time. */
export async function embedded(file: string, role: Role, cache: string): Promise<Embedded[]> {
  const content = readFileSync(file);
  const texts = content
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => (JSON.parse(line) as { text: string }).text);
  const kept = join(cache, `${createHash('sha256').update(content).digest('hex').slice(0, 16)}.f32`);
  if (!existsSync(kept)) writeFileSync(kept, await embed(texts, role));
  const bytes = readFileSync(kept);
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / FLOAT_BYTES);
  const dimensions = floats.length / texts.length;
  return texts.map((text, index) => ({ text, vector: floats.slice(index * dimensions, (index + 1) * dimensions) }));
}

async function embed(texts: readonly string[], role: Role): Promise<Buffer> {
  const config = parseConfig('embedder', { AMQP_URL: 'amqp://unused', EMBEDDER: 'local' });
  const model = chooseEmbeddingModel(config, pino({ level: 'silent' }));
  const parts: Buffer[] = [];
  for (let index = 0; index < texts.length; index += BATCH) {
    const signal = new AbortController().signal;
    const { vectors } = await model.embed(texts.slice(index, index + BATCH), { role, signal });
    parts.push(...vectors.map((vector) => Buffer.from(Float32Array.from(vector).buffer)));
    process.stderr.write(`\rembedding ${index + BATCH} of ${texts.length}`);
  }
  process.stderr.write('\n');
  await model.close();
  return Buffer.concat(parts);
}
