import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { programBeside } from '../../../shared/beside.ts';
import { DocumentError } from '../split/document-error.ts';
import type { ReadingLimits } from './limits.ts';
import { type FromReader, OUT_OF_MEMORY, type ReaderSetup, type Reading, type ReadRequest } from './protocol.ts';

const START_TIMEOUT_MS = 30_000;
/** Of what it writes before it dies, so much is kept. */
const LAST_WORDS_CHARS = 2_000;
/** How V8 ends a process whose heap is full. */
const HEAP_FULL: ReadonlySet<NodeJS.Signals | null> = new Set<NodeJS.Signals>(['SIGABRT', 'SIGTRAP', 'SIGILL']);

/** A process that reads documents one after the other, from this side. Whatever goes wrong with one, it is gone then. */
export class ReaderProcess {
  readonly #child: ChildProcess;
  readonly #limits: ReadingLimits;
  #lastWords = '';
  #hear: (message: FromReader) => void = () => undefined;
  #lost: (how: Error) => void = () => undefined;

  /** @throws when it does not come up: the document is not to blame */
  static async start(limits: ReadingLimits): Promise<ReaderProcess> {
    const reader = new ReaderProcess(limits);
    await reader.#until(START_TIMEOUT_MS, () => new Error('a process to read documents did not come up'));
    return reader;
  }

  private constructor(limits: ReadingLimits) {
    const { memoryMib, bounds } = limits;
    const setup: ReaderSetup = { memoryMib, bounds };
    this.#limits = limits;
    this.#child = spawn(
      process.execPath,
      [
        `--max-old-space-size=${Math.ceil(memoryMib)}`,
        ...programBeside(import.meta.url, 'reader'),
        JSON.stringify(setup),
      ],
      // It needs no setting and must not have our secrets.
      { env: {}, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' },
    );
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_CHARS);
    });
    this.#child.on('message', (message: FromReader) => this.#hear(message));
    this.#child.on('error', (error) => this.#lost(error));
    this.#child.once('exit', (code, signal) => this.#lost(this.#death(code, signal)));
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && !this.#child.killed;
  }

  /**
   * @throws {DocumentError} when the document takes more time or memory than it may
   * @throws the signal's reason; another error when the process was lost for no fault of the document's
   */
  async read(request: ReadRequest, signal: AbortSignal): Promise<Reading & { residentMib: number }> {
    const { ms } = this.#limits;
    const answered = this.#until(
      ms,
      () => new DocumentError(`reading the document took more than ${ms / 1000} s`),
      signal,
    );
    this.#child.send(request);
    const message = await answered;
    if (message.kind === 'ready') throw new Error('a process that reads documents lost its thread');
    return message;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  /** The next message. Without it within the time, or when nobody wants it any more, the process is ended. */
  async #until(ms: number, late: () => Error, signal?: AbortSignal): Promise<FromReader> {
    let timer: NodeJS.Timeout | undefined;
    let drop: (() => void) | undefined;
    this.#hold(true);
    try {
      return await new Promise<FromReader>((resolve, reject) => {
        this.#hear = resolve;
        this.#lost = reject;
        drop = () => reject(signal?.reason);
        if (signal?.aborted) drop();
        signal?.addEventListener('abort', drop);
        timer = setTimeout(() => reject(late()), ms);
      });
    } catch (error) {
      this.end();
      throw error;
    } finally {
      clearTimeout(timer);
      if (drop !== undefined) signal?.removeEventListener('abort', drop);
      this.#hold(false);
    }
  }

  /** While it has nothing to do it keeps nobody from ending. */
  #hold(isHeld: boolean): void {
    const does = isHeld ? 'ref' : 'unref';
    this.#child[does]();
    this.#child.channel?.[does]();
    if (this.#child.stderr instanceof Socket) this.#child.stderr[does]();
  }

  #death(code: number | null, signal: NodeJS.Signals | null): Error {
    if (signal === OUT_OF_MEMORY || HEAP_FULL.has(signal)) {
      return new DocumentError(`reading the document took more than ${this.#limits.memoryMib} MiB of memory`);
    }
    return new Error(
      `a process that reads documents ended (${signal ?? `exit code ${code}`}) ${this.#lastWords}`.trim(),
    );
  }
}
