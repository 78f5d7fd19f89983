import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerJson, type ChatBody, type Fault, stream } from './ollama-wire.ts';

export type { ChatBody, Fault } from './ollama-wire.ts';

export interface Counts {
  /** Requests to /api/chat. */
  requests: number;
  /** Of those, the ones whose client closed the connection before the end. */
  aborted: number;
  /** Of those, the ones answered to the end. */
  completed: number;
}

export interface OllamaDoubleOptions {
  /** 0 takes any free port. */
  readonly port?: number;
  readonly models?: readonly string[];
  /** Pieces in which it answers a conversation. */
  readonly reply?: (body: ChatBody) => readonly string[];
  /** Time between two pieces. */
  readonly pieceMs?: number;
}

export interface OllamaDouble {
  readonly url: string;
  readonly counts: Counts;
  /** Bodies of /api/chat, oldest first. */
  readonly seen: readonly ChatBody[];
  /** Does this to every request from now on, or to the next `times` ones only. */
  fault(fault: Fault, times?: number): void;
  /** Resolves once `counts.aborted` is at least this. */
  whenAborted(count: number): Promise<void>;
  stop(): Promise<void>;
}

const MODEL = 'llama3.2';
const NO_FAULT: Fault = { kind: 'none' };

const echo = ({ messages = [] }: ChatBody): string[] => {
  const last = messages.at(-1)?.content ?? '';
  return ['You ', 'said: ', ...last.slice(0, 200).split(/(?<= )/), ' [1]'];
};

async function readBody(request: IncomingMessage): Promise<ChatBody> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as ChatBody;
}

class Double {
  readonly counts: Counts = { requests: 0, aborted: 0, completed: 0 };
  readonly seen: ChatBody[] = [];
  readonly #options: Required<Omit<OllamaDoubleOptions, 'port'>>;
  #fault: Fault = NO_FAULT;
  #times = Number.POSITIVE_INFINITY;
  #abortListeners = new Set<() => void>();

  constructor({ models = [MODEL], reply = echo, pieceMs = 0 }: OllamaDoubleOptions) {
    this.#options = { models, reply, pieceMs };
  }

  setFault(fault: Fault, times = Number.POSITIVE_INFINITY): void {
    this.#fault = fault;
    this.#times = times;
  }

  whenAborted(count: number): Promise<void> {
    if (this.counts.aborted >= count) return Promise.resolve();
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.counts.aborted < count) return;
        this.#abortListeners.delete(check);
        resolve();
      };
      this.#abortListeners.add(check);
    });
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`;
    if (route === 'POST /api/chat') return await this.#chat(request, response);
    if (route === 'GET /api/version') return answerJson(response, 200, { version: '0.12.6' });
    if (route === 'GET /api/tags') {
      const models = this.#options.models.map((name) => ({ name: `${name}:latest`, model: `${name}:latest`, size: 1 }));
      return answerJson(response, 200, { models });
    }
    answerJson(response, 404, '404 page not found');
  }

  #takeFault(): Fault {
    if (this.#times <= 0) return NO_FAULT;
    this.#times -= 1;
    return this.#fault;
  }

  #watch(response: ServerResponse, mine: { reset: boolean }): void {
    response.once('close', () => {
      if (response.writableFinished) this.counts.completed += 1;
      else if (!mine.reset) this.counts.aborted += 1;
      for (const listener of this.#abortListeners) listener();
    });
  }

  async #chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const { models, reply, pieceMs } = this.#options;
    if (body.messages?.length === 0) {
      // Nothing to say: the model is loaded, that is all. Warm-ups do not count.
      return answerJson(response, 200, {
        model: body.model,
        message: { role: 'assistant', content: '' },
        done_reason: 'load',
        done: true,
      });
    }
    this.counts.requests += 1;
    this.seen.push(body);
    const fault = this.#takeFault();
    this.#watch(response, { reset: fault.kind === 'reset' });
    if (fault.kind === 'status') {
      const retryAfter = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
      return answerJson(response, fault.status, fault.body ?? { error: `status ${fault.status}` }, retryAfter);
    }
    if (!models.includes(body.model)) return answerJson(response, 404, { error: `model '${body.model}' not found` });
    await stream(body, reply(body), fault, pieceMs, response);
  }
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

/** Starts a server that speaks Ollama's chat as it goes over the wire, and misbehaves when told to. */
export async function startOllamaDouble(options: OllamaDoubleOptions = {}): Promise<OllamaDouble> {
  const double = new Double(options);
  const server = createServer((request, response) => {
    response.on('error', () => {});
    double.handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: double.counts,
    seen: double.seen,
    fault: (fault, times) => double.setFault(fault, times),
    whenAborted: (count) => double.whenAborted(count),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
