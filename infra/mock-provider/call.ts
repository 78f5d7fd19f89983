import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Counters, now } from './counters.ts';
import { forever, waitUntil } from './waiting.ts';

/** Why a call ends before its answer: nobody is to blame, there is only nobody to go on for. */
export class CallOver extends Error {
  override readonly name = 'CallOver';
}

/** One request and its answer, from the first byte to the end of either side. */
export class Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  /** Known once the body is read. */
  model: string | undefined;
  tokens = 0;
  /** Resolves when the connection has done with the answer, whole or not. */
  readonly ended: Promise<void>;
  readonly #counters: Counters | undefined;
  readonly #over = new AbortController();
  #endedByUs = false;
  #hanging = false;
  #hurry = false;
  #streams = false;

  constructor(request: IncomingMessage, response: ServerResponse, path: string, counters: Counters | undefined) {
    this.request = request;
    this.response = response;
    this.path = path;
    this.#counters = counters;
    counters?.requestCame(path);
    this.ended = new Promise((resolve) => {
      response.once('close', () => {
        this.#closed();
        resolve();
      });
    });
    // A client that goes away is told by 'close'; without a listener its reset would end the process.
    response.on('error', () => undefined);
    request.on('error', () => undefined);
  }

  /** Aborts when the client has closed or the server gives up. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether nobody is there any more to answer to. */
  get gone(): boolean {
    return this.signal.aborted || this.request.socket.destroyed;
  }

  /** The answer is a stream from here on; it counts as open until the connection has done with it. */
  streams(): void {
    this.signal.throwIfAborted();
    this.#streams = true;
    this.#counters?.streamOpened();
  }

  waitUntil(time: number): Promise<void> {
    return waitUntil(time, this.signal);
  }

  /** Says nothing any more, until the client or the server has enough. */
  async hang(): Promise<never> {
    this.#hanging = true;
    if (this.#hurry) this.cut();
    return forever(this.signal);
  }

  /** From now on a call that hangs is cut: the server wants to stop. */
  hurry(): void {
    this.#hurry = true;
    if (this.#hanging) this.cut();
  }

  /** Resets the TCP connection, which the client sees as ECONNRESET. */
  reset(): void {
    this.#endedByUs = true;
    const { socket } = this.request;
    socket.resetAndDestroy();
  }

  /** Closes the connection in the middle. */
  cut(): void {
    this.#endedByUs = true;
    this.request.socket.destroy();
  }

  /** Tells of an error that should not be: 500, or a cut when the answer has begun. */
  fail(error: unknown): void {
    console.error(error);
    if (this.response.headersSent) this.cut();
    else this.response.writeHead(500).end();
  }

  #closed(): void {
    const { headersSent, statusCode, writableFinished } = this.response;
    if (this.#streams) this.#counters?.streamEnded();
    this.#counters?.requestEnded(headersSent ? statusCode : undefined);
    if (!writableFinished && !this.#endedByUs) {
      const phase = headersSent ? 'in stream' : 'before headers';
      this.#counters?.aborted({ at: now(), path: this.path, model: this.model, phase, tokens: this.tokens });
    }
    this.#over.abort(new CallOver());
  }
}
