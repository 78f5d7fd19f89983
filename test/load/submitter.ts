import { Agent, request } from 'node:http';
import { ANN } from '../support/warren.ts';

const TIMEOUT_MS = 30_000;

export interface Submitted {
  readonly status: number;
  readonly ms: number;
  /** Of the job, when it was accepted. */
  readonly id?: string;
}

/** Submits jobs over a fixed number of connections that stay open. */
export class Submitter {
  readonly #agent: Agent;
  readonly #url: URL;
  readonly #key: string;

  constructor(url: string, connections: number, key: string = ANN) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, noDelay: true });
    this.#url = new URL('/v1/jobs', url);
    this.#key = key;
  }

  /** Opens all connections, so that none of them is opened within what is measured. */
  async warm(): Promise<void> {
    const warming = Array.from({ length: this.#agent.maxSockets }, () => this.#send('GET', '/livez'));
    await Promise.all(warming);
  }

  async submit(body: object): Promise<Submitted> {
    const since = performance.now();
    const { status, text } = await this.#send('POST', this.#url.pathname, JSON.stringify(body));
    const ms = performance.now() - since;
    return status === 202 ? { status, ms, id: (JSON.parse(text) as { id: string }).id } : { status, ms };
  }

  async get<Body>(path: string): Promise<Body> {
    return JSON.parse((await this.#send('GET', path)).text) as Body;
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, body = ''): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${this.#key}`,
        ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      };
      const options = { agent: this.#agent, method, path, headers, timeout: TIMEOUT_MS };
      const sent = request(this.#url, options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in ${TIMEOUT_MS} ms`)));
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

/** Calls `act` so many times a second for so long, however long each call takes. Resolves when all are answered. */
export async function atRate<T>(perSecond: number, seconds: number, act: (n: number) => Promise<T>): Promise<T[]> {
  const began = performance.now();
  const calls: Promise<T>[] = [];
  const total = Math.round(perSecond * seconds);
  while (calls.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond) + 1);
    while (calls.length < due) calls.push(act(calls.length));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return await Promise.all(calls);
}
