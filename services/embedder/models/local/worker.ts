/** The thread in which the local model computes, so that the service's event loop and its heartbeats never wait. */
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerSetup } from './protocol.ts';
import { type Request, RequestQueue, request } from './queue.ts';
import { openSession, type Session } from './session.ts';
import { loadTokenizer, type TextTokenizer } from './tokenizer.ts';

const port = parentPort;
if (port === null) throw new Error('this file runs as a worker thread only');

const tell = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function answer({ id, texts, vectors }: Request): void {
  const width = vectors[0]?.length ?? 0;
  const all = new Float32Array(vectors.length * width);
  for (const [index, vector] of vectors.entries()) all.set(vector, index * width);
  tell({ type: 'embedded', id, vectors: all, tokens: texts.reduce((sum, text) => sum + text.length, 0) }, [all.buffer]);
}

/** One call of the model for one request; tells the outcome after its last call. */
async function step(session: Session, queue: RequestQueue, current: Request): Promise<void> {
  try {
    const positions = current.left.shift() ?? [];
    const vectors = await session.run(positions.map((position) => current.texts[position] ?? []));
    for (const [index, vector] of vectors.entries()) current.vectors[positions[index] ?? 0] = vector;
    if (current.left.length > 0) return;
    answer(current);
  } catch (error) {
    tell({ type: 'failed', id: current.id, message: reason(error) });
  }
  queue.remove(current.id);
}

/** Works until no request is left. Between two calls of the model it hears new requests and drops. */
async function work(session: Session, queue: RequestQueue): Promise<void> {
  for (let current = queue.next(); current !== undefined; current = queue.next()) {
    await step(session, queue, current);
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

function listen(session: Session, tokenizer: TextTokenizer): void {
  const queue = new RequestQueue();
  let working: Promise<void> | undefined;
  const accept = ({ id, role, texts }: ToWorker & { type: 'embed' }): void => {
    queue.add(
      request(
        id,
        role,
        texts.map((text) => tokenizer.encode(text)),
      ),
    );
    working ??= work(session, queue).finally(() => {
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
        return void close(session, queue, working);
      default:
        return message satisfies never;
    }
  });
}

const { dataDir }: WorkerSetup = workerData;
const [session, tokenizer] = await Promise.all([openSession(dataDir), loadTokenizer()]);
listen(session, tokenizer);
tell({ type: 'ready' });
