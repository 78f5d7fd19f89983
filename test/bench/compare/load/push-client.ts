import WebSocket from 'ws';

const TIMEOUT_MS = 60_000;

export interface SocketAddress {
  readonly url: string;
  readonly protocol?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the server speaks first. */
  readonly greets: boolean;
}

/** Resolves when the server is ready to listen. */
export async function openSocket({ url, protocol, headers, greets }: SocketAddress): Promise<WebSocket> {
  const socket = new WebSocket(url, protocol === undefined ? [] : [protocol], {
    headers: { ...headers },
    perMessageDeflate: false,
    handshakeTimeout: TIMEOUT_MS,
  });
  await new Promise<unknown>((resolve, reject) => {
    socket.once(greets ? 'message' : 'open', resolve).once('error', reject);
  });
  return socket;
}

/** How a system's WebSocket is asked to do a job. */
export interface PushDialect extends SocketAddress {
  submit(id: string): string;
  /** What a frame says of the one job that is under way. */
  outcome(frame: string): 'succeeded' | 'failed' | undefined;
}

/** One WebSocket that submits a job, waits until its result is pushed, and submits the next. */
export class PushClient {
  readonly #socket: WebSocket;
  readonly #dialect: PushDialect;
  #submitted = 0;
  #waiting: { resolve(): void; reject(error: Error): void } | undefined;

  private constructor(socket: WebSocket, dialect: PushDialect) {
    this.#socket = socket;
    this.#dialect = dialect;
    socket.on('message', (data) => this.#read(String(data)));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', (code) => this.#waiting?.reject(new Error(`the WebSocket was closed (${code})`)));
  }

  static async open(dialect: PushDialect): Promise<PushClient> {
    return new PushClient(await openSocket(dialect), dialect);
  }

  /** Resolves when the result is here. */
  async job(withinMs = TIMEOUT_MS): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        timer = setTimeout(() => reject(new Error(`no result was pushed in ${withinMs} ms`)), withinMs);
        this.#submitted += 1;
        this.#socket.send(this.#dialect.submit(String(this.#submitted)));
      });
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.terminate();
  }

  #read(frame: string): void {
    const outcome = this.#dialect.outcome(frame);
    if (outcome === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (outcome === 'succeeded') waiting?.resolve();
    else waiting?.reject(new Error(`a job failed: ${frame}`));
  }
}
