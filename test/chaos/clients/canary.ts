import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../history.ts';
import { LIBRARY } from '../workload.ts';
import { type ClientOptions, Turns } from './client.ts';
import { type JobReply, request } from './gateway.ts';

const EVERY_MS = 400;
const MOST_OPEN = 6;
const WAIT_S = 20;
const TIMEOUT_MS = 25_000;

/** A question that was answered: the whole of the system worked from then to then. Epoch milliseconds. */
export interface Answered {
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** Asks one short question after the other, so that it shows when the whole system works. */
export class Canary {
  readonly #options: Omit<ClientOptions, 'workload'>;
  readonly #turns: Turns;
  readonly #answered: Answered[] = [];
  readonly #open = new Set<Promise<void>>();
  #n = 0;

  constructor(options: Omit<ClientOptions, 'workload'>) {
    this.#options = options;
    this.#turns = new Turns(options.gateways, 0);
  }

  async run(): Promise<void> {
    while (!this.#options.enough.aborted) {
      if (this.#open.size < MOST_OPEN) {
        const asking = this.#ask().finally(() => this.#open.delete(asking));
        this.#open.add(asking);
      }
      await sleep(EVERY_MS);
    }
    await Promise.all(this.#open);
  }

  /** When the first question that was asked after `at` had its answer; undefined when none had. */
  answeredSince(at: number): number | undefined {
    const times = this.#answered.filter(({ askedAt }) => askedAt >= at).map(({ answeredAt }) => answeredAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** How long each answer so far has taken, in milliseconds. */
  get tookMs(): number[] {
    return this.#answered.map(({ askedAt, answeredAt }) => answeredAt - askedAt);
  }

  async #ask(): Promise<void> {
    const { name, recorder } = this.#options;
    const op = `${name}-${++this.#n}`;
    const sentAt = Date.now();
    const reply = await request<JobReply>(this.#turns.next(), 'POST', '/v1/jobs', {
      body: {
        type: 'ask',
        input: { collection: LIBRARY, question: `Do rabbits dig, asks ${op}?`, model: 'mock-len3' },
        priority: 'high',
        tags: [op],
      },
      headers: { prefer: `wait=${WAIT_S}` },
      timeoutMs: TIMEOUT_MS,
    }).catch((error: Error) => error);
    const outcome = outcomeOf(reply);
    const answeredAt = Date.now();
    recorder.excuses.set(op, []);
    recorder.attempted({ op, client: name, via: 'http', sentAt, answeredAt, outcome });
    if ('body' in reply && reply.body?.status === 'succeeded') this.#answered.push({ askedAt: sentAt, answeredAt });
  }
}

function outcomeOf(reply: Awaited<ReturnType<typeof request<JobReply>>> | Error): Outcome {
  if (reply instanceof Error) return { is: 'unknown', why: reply.message };
  const { status, body } = reply;
  if (status === 200 || status === 202) return { is: 'accepted', job: body.id };
  return { is: 'unknown', why: body?.code ?? String(status) };
}
