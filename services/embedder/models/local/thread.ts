import { Worker } from 'node:worker_threads';
import { threadBeside } from '../../../../shared/beside.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './protocol.ts';

/** How long a thread may take to end by itself before it is ended. */
const CLOSE_TIMEOUT_MS = 5_000;

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
  const worker = new Worker(threadBeside(import.meta.url, 'worker'), { workerData: setup });
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
