import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { dropModelFile, modelFile } from './model-file.ts';
import type { ModelFolder } from './model-folder.ts';
import { type Pooling, pooled, toUnit } from './pooling.ts';

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

/** Opens the model that is brought along; a damaged file of an earlier start is made again once. */
async function openOrRepair(dataDir: string): Promise<InferenceSession> {
  try {
    return await open(dataDir);
  } catch {
    await dropModelFile(dataDir);
    return await open(dataDir);
  }
}

type Texts = readonly (readonly number[])[];

const FEEDS: Readonly<Record<string, (text: readonly number[], ids: BigInt64Array) => void>> = {
  input_ids: (text, row) => row.set(text.map(BigInt)),
  attention_mask: (text, row) => row.fill(1n, 0, text.length),
  /** One text is one segment. */
  token_type_ids: () => {},
  position_ids: (_, row) => row.set(Array.from(row, (_each, at) => BigInt(at))),
};

/** What the model reads of a batch, each text padded to the longest. @throws {Error} when it wants what no text has */
function inputs(names: readonly string[], texts: Texts, width: number): Record<string, Tensor> {
  return Object.fromEntries(
    names.map((name) => {
      const feed = FEEDS[name];
      if (feed === undefined) throw new Error(`the model wants "${name}", which a sentence model does not need`);
      const all = new BigInt64Array(texts.length * width);
      for (const [row, text] of texts.entries()) feed(text, all.subarray(row * width, (row + 1) * width));
      return [name, new Tensor('int64', all, [texts.length, width])];
    }),
  );
}

/** The model's answer: a vector a text where it pools by itself, else a vector a token. */
function answerOf(outputs: InferenceSession.OnnxValueMapType): Tensor {
  const tensors = Object.entries(outputs).filter(([, { dims, type }]) => type === 'float32' && dims.length >= 2);
  const find = (name: string) => tensors.find(([each]) => each === name)?.[1];
  const byRank = (rank: number) => tensors.find(([, { dims }]) => dims.length === rank)?.[1];
  const found = find('sentence_embedding') ?? find('last_hidden_state') ?? byRank(3) ?? byRank(2);
  if (found === undefined) throw new Error('the model gave no vectors of floats');
  return found;
}

async function run(session: InferenceSession, texts: Texts, pooling: Pooling): Promise<Float32Array[]> {
  const width = Math.max(...texts.map((text) => text.length));
  const { data, dims } = answerOf(await session.run(inputs(session.inputNames, texts, width)));
  if (!(data instanceof Float32Array)) throw new Error('the model gave no floats');
  const dimensions = dims.at(-1) ?? 0;
  if (dims.length === 2) return texts.map((_, at) => toUnit(data.slice(at * dimensions, (at + 1) * dimensions)));
  return texts.map((text, at) =>
    pooled({ all: data, from: at * width, count: text.length, width: dimensions }, pooling),
  );
}

/** Opens the model of a folder, or the one that is brought along. */
export async function openSession(dataDir: string, folder?: ModelFolder): Promise<Session> {
  const session = await (folder === undefined ? openOrRepair(dataDir) : InferenceSession.create(folder.graph, OPTIONS));
  return { run: (texts) => run(session, texts, folder?.pooling ?? 'mean'), close: () => session.release() };
}
