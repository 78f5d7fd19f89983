import { setMaxListeners } from 'node:events';
import type { Recorder } from '../recorder.ts';
import type { System } from '../system/system.ts';
import { type JobType, Workload } from '../workload.ts';
import { Canary } from './canary.ts';
import { runHttpClient } from './http-client.ts';
import { runOperator } from './operator.ts';
import { runSocketClient } from './socket-client.ts';

const HTTP_CLIENTS = 4;
const SOCKET_CLIENTS = 3;

/** All clients of a run, from their coming to their going. */
export class Crowd {
  readonly canary: Canary;
  readonly #enough = new AbortController();
  readonly #over = new AbortController();
  readonly #clients: readonly Promise<void>[];

  constructor({ gateways }: System, recorder: Recorder, { seed, jobs }: { seed: string; jobs?: readonly JobType[] }) {
    setMaxListeners(0, this.#over.signal); // one for every connection
    const common = { recorder, gateways, enough: this.#enough.signal, over: this.#over.signal };
    const named = (kind: string, n: number) => {
      const name = `${kind}-${n}`;
      return { ...common, name, workload: new Workload(seed, name, jobs) };
    };
    this.canary = new Canary({ ...common, name: 'canary' });
    this.#clients = [
      ...Array.from({ length: HTTP_CLIENTS }, (_, n) => runHttpClient(named('http', n))),
      ...Array.from({ length: SOCKET_CLIENTS }, (_, n) => runSocketClient(named('socket', n))),
      runOperator(common),
      this.canary.run(),
    ];
  }

  /** Nobody asks for anything new. What is under way is followed. */
  enough(): void {
    this.#enough.abort();
  }

  /** Nobody follows anything any more. */
  async leave(): Promise<void> {
    this.#enough.abort();
    this.#over.abort();
    await Promise.all(this.#clients);
  }
}
