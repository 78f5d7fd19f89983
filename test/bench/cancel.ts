import { parseArgs } from 'node:util';
import { client, type Socket } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { type MockProcess, startMockProcess } from '../support/mock-process.ts';
import { quantile } from '../support/quantiles.ts';
import { startWarren, type Warren } from '../support/warren.ts';

/**
 * Milliseconds from the cancel of a job (by turns over HTTP and over the WebSocket) until its provider sees that the
 * request is closed, on a whole Warren, for each provider. Where a job has no request yet, that none follows.
 *
 *     npx tsx test/bench/cancel.ts --rounds 40
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '40' },
    /** Kills of the generator; each takes some seconds. */
    takeovers: { type: 'string', default: '3' },
    providers: { type: 'string', default: 'ollama,openai,huggingface' },
  },
});
const [ROUNDS, TAKEOVERS] = [Number(values.rounds), Number(values.takeovers)];

const STREAMING = 'mock-itl25-len20000';
const PROMPT_PHASE = 'mock-ttft60000-len10';
/** Of a model each: breakers are one a model, and an open one would pause the lanes. */
const failing = (n: number) => `mock-500-len${n}`;
/** As many as the generator writes at once. */
const CONCURRENCY = 8;
const QUEUED = 10;
/** The longest a first retry waits, and some more. */
const LADDER_MS = 7_000;

const SETTINGS: Readonly<Record<string, (url: string) => NodeJS.ProcessEnv>> = {
  ollama: (url) => ({ GENERATOR: 'ollama', OLLAMA_HOST: url }),
  openai: (url) => ({ GENERATOR: 'openai', OPENAI_BASE_URL: `${url}/v1` }),
  huggingface: (url) => ({ GENERATOR: 'huggingface', HF_ENDPOINT_URL: url }),
};

const now = () => performance.timeOrigin + performance.now();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const inWords = (times: readonly number[]) =>
  `p50 ${quantile(times, 0.5).toFixed(0)}, p99 ${quantile(times, 0.99).toFixed(0)} ms of ${times.length}`;

class Course {
  readonly #warren: Warren;
  readonly #mock: MockProcess;
  readonly #socket: Socket;
  #cancels = 0;

  constructor(warren: Warren, mock: MockProcess, socket: Socket) {
    this.#warren = warren;
    this.#mock = mock;
    this.#socket = socket;
  }

  async submit(model: string): Promise<string> {
    const id = String(Math.random());
    const job = { type: 'generate', input: { prompt: `Tell me about ${id}.`, model } };
    this.#socket.send({ type: 'submit', id, job });
    const accepted = await this.#socket.next((frame) => frame.type === 'accepted' && frame.id === id);
    return (accepted.job as { id: string }).id;
  }

  shows(job: string, event: string): Promise<unknown> {
    return this.#socket.next((frame) => frame.job === job && frame.event === event, 60_000);
  }

  async cancel(job: string): Promise<void> {
    this.#cancels += 1;
    if (this.#cancels % 2 === 0) this.#socket.send({ type: 'cancel', id: `cancel ${job}`, job });
    else await client(this.#warren.url).call('POST', `/v1/jobs/${job}/cancel`, {});
  }

  async timeToClose(job: string): Promise<number> {
    const { aborted } = await this.#mock.counts();
    const cancelledAt = now();
    const cancelled = this.cancel(job);
    let at = Number.NaN;
    const seen = async () => {
      const counts = await this.#mock.counts();
      at = counts.aborts.at(-1)?.at ?? at;
      return counts.aborted > aborted;
    };
    await eventually(seen, { within: 10_000, every: 5, what: 'the provider to see the close' });
    await cancelled;
    await this.shows(job, 'job.cancelled');
    return at - cancelledAt;
  }

  async inPromptPhase(): Promise<string> {
    return inWords(
      await this.#times(ROUNDS, async () => {
        const { requests_open } = await this.#mock.counts();
        const job = await this.submit(PROMPT_PHASE);
        const isOpen = async () => (await this.#mock.counts()).requests_open > requests_open;
        await eventually(isOpen, { within: 15_000, every: 10, what: 'the request' });
        return job;
      }),
    );
  }

  async inMidStream(): Promise<string> {
    return inWords(
      await this.#times(ROUNDS, async () => {
        const job = await this.submit(STREAMING);
        await this.shows(job, 'output.delta');
        return job;
      }),
    );
  }

  async afterTakeover(): Promise<string> {
    return inWords(
      await this.#times(TAKEOVERS, async () => {
        const job = await this.submit(STREAMING);
        await this.shows(job, 'output.delta');
        await this.#warren.kill('generator');
        await this.shows(job, 'output.reset');
        return job;
      }),
    );
  }

  /** Jobs behind those that keep all slots busy. */
  async queued(): Promise<string> {
    const writing = await Promise.all(Array.from({ length: CONCURRENCY }, () => this.submit(STREAMING)));
    await Promise.all(writing.map((job) => this.shows(job, 'output.delta')));
    const queued = await Promise.all(Array.from({ length: QUEUED }, () => this.submit(STREAMING)));
    const asked = await this.#askedAfter(queued);
    const times: number[] = [];
    for (const job of writing) times.push(await this.timeToClose(job));
    await pause(1_000);
    const { requests_open } = await this.#mock.counts();
    return `${asked + requests_open} of ${queued.length} asked for; the ${CONCURRENCY} before them ${inWords(times)}`;
  }

  async onLadder(): Promise<string> {
    const jobs = await Promise.all(Array.from({ length: QUEUED }, (_, n) => this.submit(failing(n + 1))));
    await Promise.all(jobs.map((job) => this.shows(job, 'job.retrying')));
    return `${await this.#askedAfter(jobs, LADDER_MS)} of ${jobs.length} asked for again`;
  }

  /** Requests that come although these jobs were cancelled. */
  async #askedAfter(jobs: readonly string[], waitMs = 0): Promise<number> {
    for (const job of jobs) await this.cancel(job);
    const { requests } = await this.#mock.counts();
    for (const job of jobs) await this.shows(job, 'job.cancelled');
    await pause(waitMs);
    return (await this.#mock.counts()).requests - requests;
  }

  async #times(rounds: number, begin: () => Promise<string>): Promise<number[]> {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) times.push(await this.timeToClose(await begin()));
    return times;
  }
}

console.log('| provider | queued | on the ladder | prompt phase | mid-stream | after another took over |');
console.log('|---|---|---|---|---|---|');
for (const provider of values.providers.split(',')) {
  const mock = await startMockProcess();
  const settings = SETTINGS[provider]?.(mock.url);
  const warren = await startWarren({ ...settings, GENERATION_MODEL: STREAMING, LOG_LEVEL: 'warn' });
  try {
    const course = new Course(warren, mock, await client(warren.url).socket());
    await course.inMidStream(); // warm
    const cells = [
      await course.queued(),
      await course.onLadder(),
      await course.inPromptPhase(),
      await course.inMidStream(),
      await course.afterTakeover(),
    ];
    console.log(`| ${provider} | ${cells.join(' | ')} |`);
  } finally {
    await warren.stop();
    await mock.stop();
  }
}
process.exit(0);
