/** The thread in which the local model computes, so that the service's event loop and its heartbeats never wait. */
import { setPriority } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { readModelFolder } from './model-folder.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './protocol.ts';
import { nextStep, type Request, RequestQueue, request } from './queue.ts';
import { openSession, type Session } from './session.ts';
import { loadTokenizer, MAX_TOKENS, type TextTokenizer } from './tokenizer.ts';

interface Tools {
  readonly session: Session;
  readonly tokenizer: TextTokenizer;
}

const port = parentPort;
if (port === null) throw new Error('this file runs as a worker thread only');

const tell = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function answer({ id, encoded, vectors }: Request): void {
  const width = vectors[0]?.length ?? 0;
  const all = new Float32Array(vectors.length * width);
  for (const [index, vector] of vectors.entries()) all.set(vector, index * width);
  tell({ type: 'embedded', id, vectors: all, tokens: encoded.reduce((sum, text) => sum + text.length, 0) }, [
    all.buffer,
  ]);
}

/** Goes one step on with a request. Gives whether it was the last. */
async function advance({ session, tokenizer }: Tools, current: Request): Promise<boolean> {
  const step = nextStep(current);
  if ('split' in step) {
    current.encoded.push(...step.split.map((text) => tokenizer.encode(text)));
    return false;
  }
  const vectors = await session.run(step.embed.map((position) => current.encoded[position] ?? []));
  for (const [index, vector] of vectors.entries()) current.vectors[step.embed[index] ?? 0] = vector;
  return current.left?.length === 0;
}

async function step(tools: Tools, queue: RequestQueue, current: Request): Promise<void> {
  try {
    if (!(await advance(tools, current))) return;
    answer(current);
  } catch (error) {
    tell({ type: 'failed', id: current.id, message: reason(error) });
  }
  queue.remove(current.id);
}

/** Works until no request is left. Between two steps it hears new requests and drops. */
async function work(tools: Tools, queue: RequestQueue): Promise<void> {
  for (let current = queue.next(); current !== undefined; current = queue.next()) {
    await step(tools, queue, current);
    await setImmediate();
  }
}

/** Stops after the model call under way and lets the thread end. */
async function close(session: Session, queue: RequestQueue, working: Promise<void> | undefined): Promise<void> {
  queue.clear();
  await working;
  await session.close();
  port?.close();
}

function listen(tools: Tools): void {
  const queue = new RequestQueue();
  let working: Promise<void> | undefined;
  const accept = ({ id, role, texts }: ToWorker & { type: 'embed' }): void => {
    queue.add(request(id, role, texts));
    working ??= work(tools, queue).finally(() => {
      working = undefined;
    });
  };
  port?.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'embed':
        return accept(message);
      case 'drop':
        return queue.remove(message.id);
      case 'close':
        return void close(tools.session, queue, working);
      default:
        return message satisfies never;
    }
  });
}

const NICENESS = 5;

/** Event loops come first where cores are few: theirs and this service's own. Only Linux can do it thread by thread. */
function giveWay(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, NICENESS);
  } catch {
    // A sandbox may forbid it; nothing depends on it.
  }
}

const { dataDir, folder: path }: WorkerSetup = workerData;
giveWay();
const folder = path === undefined ? undefined : await readModelFolder(path);
const [session, tokenizer] = await Promise.all([openSession(dataDir, folder), loadTokenizer(folder)]);
listen({ session, tokenizer });
tell({ type: 'ready', maxTokens: folder?.maxTokens ?? MAX_TOKENS });
