import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerSetup } from './protocol.ts';

/** How long a thread may take to end by itself before it is ended. */
const CLOSE_TIMEOUT_MS = 5_000;

/** The thread's file. Run from the sources, a thread has to be given the loader of TypeScript first: it inherits none. */
function workerUrl(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./worker.js', import.meta.url);
  // By its path: tests resolve this package for `require`, and its file for that cannot be imported.
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = JSON.stringify(new URL('./dist/esm/api/index.mjs', tsx));
  const worker = JSON.stringify(new URL('./worker.ts', import.meta.url));
  const code = `import { register } from ${loader}; register(); await import(${worker});`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** The thread of the local model, from this side. */
export interface ModelThread {
  post(message: ToWorker): void;
  close(): Promise<void>;
}

export interface ThreadEvents {
  message(message: FromWorker): void;
  /** The thread ended without being told to; it takes no more messages. */
  died(cause: Error): void;
}

async function end(worker: Worker, exited: Promise<unknown>): Promise<void> {
  worker.postMessage({ type: 'close' } satisfies ToWorker);
  const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MS);
  try {
    await exited;
  } finally {
    clearTimeout(timer);
  }
}

/** Starts the thread. It says `ready` once the model is loaded, or dies. */
export function startThread(setup: WorkerSetup, events: ThreadEvents): ModelThread {
  const worker = new Worker(workerUrl(), { workerData: setup });
  let closing: Promise<void> | undefined;
  let failure = new Error('the thread of the local model ended unexpectedly');
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      resolve();
      if (closing === undefined) events.died(failure);
    });
  });
  worker.on('error', (error) => {
    failure = error;
  });
  worker.on('message', events.message);
  return {
    post: (message) => worker.postMessage(message),
    close: () => {
      closing ??= end(worker, exited);
      return closing;
    },
  };
}
