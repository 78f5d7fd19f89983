import { randomUUID } from 'node:crypto';
import { access, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { miniLmGraph } from './minilm.ts';
import { onnxModel } from './onnx.ts';
import { readWeights, WEIGHTS_SHA256 } from './weights.ts';

/** Counted up when the conversion changes, so that a file of an older version is not used again. */
const CONVERSION = 1;

/** Where a data folder keeps the converted model. */
export const modelPath = (dataDir: string): string =>
  join(dataDir, 'models', `all-MiniLM-L6-v2-${WEIGHTS_SHA256.slice(0, 12)}-${CONVERSION}.onnx`);

export const convertModel = async (): Promise<Uint8Array> => onnxModel(miniLmGraph(await readWeights()));

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * Writes a file so that it is there whole or not at all. Several processes may do it at once: each writes a file of
 * its own and the last rename wins, with the same bytes.
 */
async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await mkdir(dirname(path), { recursive: true });
  try {
    const file = await open(draft, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * The model as an ONNX file, converted on the first call for a data folder and read from there afterwards. Gives the
 * bytes themselves where the folder cannot be written: a read-only container converts at each start.
 */
export async function modelFile(dataDir: string): Promise<string | Uint8Array> {
  const path = modelPath(dataDir);
  if (await exists(path)) return path;
  const bytes = await convertModel();
  return writeAtomically(path, bytes).then(
    () => path,
    () => bytes,
  );
}

/** Forgets the converted model, e.g. because it turned out to be damaged. */
export const dropModelFile = (dataDir: string): Promise<void> => rm(modelPath(dataDir), { force: true });
