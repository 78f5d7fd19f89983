import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { dropModelFile, modelFile } from './model-file.ts';
import { pooled } from './pooling.ts';

const LOG_ERRORS_ONLY = 3;

const OPTIONS: InferenceSession.SessionOptions = {
  /** One core stays free for the event loops of this machine. */
  intraOpNumThreads: Math.max(1, availableParallelism() - 1),
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  logSeverityLevel: LOG_ERRORS_ONLY,
  extra: {
    session: {
      // Turn the stored integers into floats once, at load, rather than quantise activations too: same speed, no loss.
      disable_quant_qdq: '1',
      // Idle threads sleep: spinning would take the cores from the services beside this one.
      'intra_op.allow_spinning': '0',
    },
  },
};

/** The model, ready to run. Calls block this thread while they compute. */
export interface Session {
  /** Unit vectors of texts given as token ids. */
  run(texts: readonly (readonly number[])[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

const open = async (dataDir: string): Promise<InferenceSession> => {
  const model = await modelFile(dataDir);
  return typeof model === 'string' ? InferenceSession.create(model, OPTIONS) : InferenceSession.create(model, OPTIONS);
};

/** Opens the model; a damaged file of an earlier start is made again once. */
async function openOrRepair(dataDir: string): Promise<InferenceSession> {
  try {
    return await open(dataDir);
  } catch {
    await dropModelFile(dataDir);
    return await open(dataDir);
  }
}

/** Token ids and mask of a batch, each text padded to the longest. */
function inputs(texts: readonly (readonly number[])[], width: number): Record<string, Tensor> {
  const ids = new BigInt64Array(texts.length * width);
  const mask = new BigInt64Array(texts.length * width);
  for (const [row, text] of texts.entries()) {
    ids.set(text.map(BigInt), row * width);
    mask.fill(1n, row * width, row * width + text.length);
  }
  const shape = [texts.length, width];
  return { input_ids: new Tensor('int64', ids, shape), attention_mask: new Tensor('int64', mask, shape) };
}

async function run(session: InferenceSession, texts: readonly (readonly number[])[]): Promise<Float32Array[]> {
  const width = Math.max(...texts.map((text) => text.length));
  const { last_hidden_state: states } = await session.run(inputs(texts, width));
  if (!(states?.data instanceof Float32Array)) throw new Error('the model gave no last_hidden_state of floats');
  const rows = states.data;
  const dimensions = states.dims[2] ?? 0;
  return texts.map((text, index) => pooled(rows, index * width, text.length, dimensions));
}

export async function openSession(dataDir: string): Promise<Session> {
  const session = await openOrRepair(dataDir);
  return { run: (texts) => run(session, texts), close: () => session.release() };
}
