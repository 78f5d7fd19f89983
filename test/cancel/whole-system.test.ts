import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { type MockProvider, startMockProvider } from '../../infra/mock-provider/start-mock-provider.ts';
import { shownText } from '../chaos/check/shown-text.ts';
import { client, type Event, type Socket } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';
import { quantile, spread } from '../support/quantiles.ts';
import { startWarren, type Warren } from '../support/warren.ts';

const ROUNDS = Number(process.env.CANCEL_ROUNDS ?? 20);
const GOAL_MS = 250;
const QUIET_MS = 500;
const STREAMING = 'mock-itl25-len4000';
/** Some seconds of text: long enough to strike in the middle of it. */
const ANSWER = 'mock-itl25-len240';
const PROMPT_PHASE = 'mock-ttft60000-len10';

const now = () => performance.timeOrigin + performance.now();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a whole Warren with a slow provider', function () {
  this.timeout(300_000);
  let mock: MockProvider;
  let warren: Warren;
  before(async () => {
    mock = await startMockProvider({ drainMs: 0 });
    warren = await startWarren({ GENERATOR: 'ollama', OLLAMA_HOST: mock.url, GENERATION_MODEL: ANSWER });
  });
  after(async () => {
    await warren?.stop();
    await mock?.stop();
  });

  async function generate(socket: Socket, model: string): Promise<string> {
    const id = String(Math.random());
    socket.send({ type: 'submit', id, job: { type: 'generate', input: { prompt: `Tell me about ${id}.`, model } } });
    const accepted = await socket.next((frame) => frame.type === 'accepted' && frame.id === id);
    return (accepted.job as { id: string }).id;
  }

  const of = (socket: Socket, job: string): Event[] => socket.events.filter((event) => event.job === job);
  const deltas = (socket: Socket, job: string) =>
    of(socket, job).filter(({ event }) => event === 'output.delta').length;
  const someText = (socket: Socket, job: string, most = 5) => socket.next(() => deltas(socket, job) >= most, 30_000);

  /** Milliseconds from `cancel` until the provider saw its client go. */
  async function timeToClose(cancel: () => Promise<unknown> | unknown): Promise<number> {
    const before = mock.counts().aborted;
    const cancelledAt = now();
    const answered = cancel();
    const { aborts } = await mock.until(({ aborted }) => aborted > before);
    await answered;
    return (aborts.at(-1)?.at ?? Number.NaN) - cancelledAt;
  }

  const ways = [
    { way: 'POST …/cancel', cancel: (job: string) => client(warren.url).call('POST', `/v1/jobs/${job}/cancel`, {}) },
    {
      way: 'the WebSocket',
      cancel: (job: string, socket: Socket) => socket.send({ type: 'cancel', id: `cancel ${job}`, job }),
    },
  ];
  for (const { way, cancel } of ways) {
    for (const [phase, model] of [
      ['in mid-stream', STREAMING],
      ['in the prompt phase', PROMPT_PHASE],
    ] as const) {
      it(`closes the provider's request when a job is cancelled over ${way} ${phase}`, async () => {
        const socket = await client(warren.url).socket();
        const times: number[] = [];
        for (let round = 0; round < ROUNDS; round += 1) {
          const open = mock.counts().requests_open;
          const job = await generate(socket, model);
          if (model === STREAMING) await someText(socket, job);
          else await mock.until(({ requests_open }) => requests_open > open, 15_000);
          times.push(await timeToClose(() => cancel(job, socket)));
          const events = await socket.ended(job);
          expect(events.at(-1)?.event).to.equal('job.cancelled');
          if (round === 0) {
            const tokens = mock.counts().tokens_sent;
            await pause(QUIET_MS);
            expect(of(socket, job)).to.have.lengthOf(events.length);
            expect(mock.counts().tokens_sent).to.equal(tokens);
          }
        }
        console.log(`      over ${way}, ${phase}: ${spread(times)}`);
        expect(quantile(times, 0.5)).to.be.below(GOAL_MS);
        expect(quantile(times, 0.95)).to.be.below(2 * GOAL_MS);
        socket.cut();
      }).retries(MEASURED_AGAIN);
    }
  }

  /** One answer, no matter how often it was begun: what was shown since the last reset is what is stored. */
  async function expectClean(socket: Socket, job: string, resets: number): Promise<void> {
    const events = await socket.ended(job, 120_000);
    expect(events.map(({ seq }) => seq)).to.deep.equal(events.map((_, at) => at + 1));
    expect(events.filter(({ event }) => event === 'output.reset')).to.have.lengthOf(resets);
    const { body } = await client(warren.url).job(job);
    expect(body.status).to.equal('succeeded');
    expect(shownText(events)).to.equal(body.result?.text);
    const lastReset = events.findLastIndex(({ event }) => event === 'output.reset');
    const runs = new Set(
      events.slice(lastReset + 1).flatMap(({ event, data }) => (event === 'output.delta' ? [data.run] : [])),
    );
    expect(runs.size, 'runs after the last reset').to.equal(1);
  }

  it('begins an answer anew when its generator is killed, and shows the end of it once', async () => {
    const socket = await client(warren.url).socket();
    const job = await generate(socket, ANSWER);
    await someText(socket, job);
    const struckAt = now();
    const pid = await warren.kill('generator');
    await socket.next((frame) => frame.event === 'output.reset' && frame.job === job, 60_000);
    console.log(`      from kill -9 to output.reset: ${Math.round(now() - struckAt)} ms`);
    await expectClean(socket, job, 1);
    await warren.healed('generator', pid);
    socket.cut();
  });

  it('cancels a job that another generator took over', async () => {
    const socket = await client(warren.url).socket();
    const job = await generate(socket, STREAMING);
    await someText(socket, job);
    const pid = await warren.kill('generator');
    await socket.next((frame) => frame.event === 'output.reset' && frame.job === job, 60_000);
    const ms = await timeToClose(() => socket.send({ type: 'cancel', id: 'c', job }));
    console.log(`      after another generator took over: ${ms.toFixed(1)} ms`);
    expect((await socket.ended(job)).at(-1)?.event).to.equal('job.cancelled');
    expect(ms).to.be.below(2 * GOAL_MS);
    await warren.healed('generator', pid);
    socket.cut();
  }).retries(MEASURED_AGAIN);

  it('hears nothing more from a generator that froze and was replaced', async () => {
    const socket = await client(warren.url).socket();
    const job = await generate(socket, ANSWER);
    await someText(socket, job);
    const zombie = await warren.kill('generator', 'SIGSTOP');
    const second = await startGenerator(warren, mock.url);
    try {
      const frozenAt = now();
      await socket.next((frame) => frame.event === 'output.reset' && frame.job === job, 90_000);
      console.log(`      from SIGSTOP to output.reset: ${Math.round(now() - frozenAt)} ms`);
      process.kill(zombie, 'SIGCONT');
      await expectClean(socket, job, 1);
      const ended = of(socket, job).length;
      await mock.until(({ requests_open }) => requests_open === 0, 30_000);
      await pause(QUIET_MS);
      expect(of(socket, job)).to.have.lengthOf(ended);
    } finally {
      process.kill(zombie, 'SIGCONT');
      await stopProcess(second);
    }
    socket.cut();
  });
});

/** Another generator beside the supervised one, as it would run on another machine. */
async function startGenerator(warren: Warren, ollamaHost: string): Promise<ChildProcess> {
  const { amqp_url: AMQP_URL } = await warren.run();
  const program = new URL('../../dist/services/generator/main.js', import.meta.url).pathname;
  const env = { ...process.env, AMQP_URL, GENERATOR: 'ollama', OLLAMA_HOST: ollamaHost, GENERATION_MODEL: ANSWER };
  const child = spawn(process.execPath, [program], {
    env: { ...env, HEALTH_PORT: '0' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await eventually(() => child.exitCode === null && child.connected, { within: 5_000, what: 'another generator' });
  await once(child, 'message'); // it is ready
  return child;
}

async function stopProcess(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
