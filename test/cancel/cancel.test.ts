import { expect } from 'chai';
import { type MockProvider, startMockProvider } from '../../infra/mock-provider/start-mock-provider.ts';
import type { Bus } from '../../shared/bus/bus.ts';
import { newId } from '../../shared/ids.ts';
import { GenerateAnswer } from '../../shared/messages/answering.ts';
import { type Command, commandId } from '../../shared/messages/command.ts';
import { bench, type Heard, hear } from '../bus/bench.ts';
import { eventually } from '../support/eventually.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';
import { startProxy } from '../support/proxy.ts';
import { quantile, spread } from '../support/quantiles.ts';
import { generator } from '../support/workers.ts';

/** Cancellations measured for each provider and phase. */
const ROUNDS = Number(process.env.CANCEL_ROUNDS ?? 20);
const GOAL_MS = 250;
/** What would still be streamed would come in this time: many tokens' worth. */
const QUIET_MS = 300;

const PROMPT_PHASE = 'mock-ttft60000-len10';
const STREAMING = 'mock-itl20-len5000';

const PROVIDERS: Readonly<Record<string, (url: string) => NodeJS.ProcessEnv>> = {
  ollama: (url) => ({ GENERATOR: 'ollama', OLLAMA_HOST: url }),
  openai: (url) => ({ GENERATOR: 'openai', OPENAI_BASE_URL: `${url}/v1` }),
  huggingface: (url) => ({ GENERATOR: 'huggingface', HF_ENDPOINT_URL: url }),
};

const now = () => performance.timeOrigin + performance.now();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function generate(model: string, more: Partial<Command> = {}): Command {
  const job = newId('job');
  const { type, body } = GenerateAnswer({ messages: [{ role: 'user', content: `Tell me about ${job}` }], model });
  const id = commandId(job, type, '0');
  return {
    id,
    job,
    type,
    part: '0',
    body,
    priority: 'normal',
    pool: 'default',
    attempt: 1,
    max_attempts: 3,
    replay: 0,
    ...more,
  };
}

for (const [provider, settings] of Object.entries(PROVIDERS)) {
  describe(`a job that is cancelled (${provider})`, function () {
    this.timeout(120_000);
    const here = bench();
    let mock: MockProvider;
    beforeEach(async () => {
      mock = await startMockProvider({ drainMs: 0 });
    });
    afterEach(() => mock.stop());

    const env = (more: NodeJS.ProcessEnv = {}) => ({ ...settings(mock.url), GENERATION_MODEL: STREAMING, ...more });

    async function stage(more: NodeJS.ProcessEnv = {}) {
      const bus = await here.connect();
      const heard = here.use(await hear(bus));
      const worker = here.use(await generator(bus, env(more), { drainMs: 0 }));
      return { bus, heard, worker };
    }

    const streaming = (heard: Heard, { job }: Command, deltas = 2) =>
      eventually(() => heard.types(job).filter((type) => type === 'answer.delta').length >= deltas, {
        within: 15_000,
        every: 2,
        what: 'some text',
      });

    /** Cancels and gives the milliseconds until the provider saw its client go. */
    async function timeToClose(bus: Bus, job: string): Promise<number> {
      const before = mock.counts().aborted;
      const cancelledAt = now();
      await bus.cancelJob(job, 0);
      const { aborts } = await mock.until(({ aborted }) => aborted > before);
      return (aborts.at(-1)?.at ?? Number.NaN) - cancelledAt;
    }

    /** Nothing more is told of the job, and nothing more is generated. */
    async function staysQuiet(heard: Heard, { job }: Command): Promise<void> {
      await pause(50); // what was on the way when the cancel came
      const [told, tokens] = [heard.types(job).length, mock.counts().tokens_sent];
      await pause(QUIET_MS);
      expect(heard.types(job).length - told, 'records after the cancel').to.equal(0);
      expect(mock.counts().tokens_sent - tokens, 'tokens after the cancel').to.equal(0);
      expect(heard.types(job)).to.not.include.oneOf(['answer.generated', 'command.failed']);
    }

    const phases = [
      { phase: 'in the prompt phase', model: PROMPT_PHASE },
      { phase: 'in mid-stream', model: STREAMING },
    ];
    for (const { phase, model } of phases) {
      it(`${phase} closes the request at once`, async () => {
        const { bus, heard } = await stage();
        const times: number[] = [];
        for (let round = 0; round < ROUNDS; round += 1) {
          const command = generate(model);
          const before = mock.counts().requests_open;
          await bus.send([command]);
          if (model === STREAMING) await streaming(heard, command);
          else await mock.until(({ requests_open }) => requests_open > before);
          times.push(await timeToClose(bus, command.job));
          if (round === ROUNDS - 1) await staysQuiet(heard, command);
        }
        console.log(`      ${provider}, ${phase}: ${spread(times)}`);
        expect(quantile(times, 0.99)).to.be.below(GOAL_MS);
        expect(mock.counts().requests_open).to.equal(0);
      }).retries(MEASURED_AGAIN);
    }

    it('while it is queued is never begun', async () => {
      const { bus, heard } = await stage({ GENERATE_CONCURRENCY: '1' });
      const [first, queued] = [generate(STREAMING), generate(STREAMING)];
      await bus.send([first]);
      await streaming(heard, first);
      await bus.send([queued]);
      await bus.cancelJob(queued.job, 0);
      await timeToClose(bus, first.job);
      await eventually(
        async () => (await bus.queues()).every(({ name, depth }) => !name.startsWith('generator') || depth === 0),
        {
          within: 10_000,
          what: 'the lanes to be empty',
        },
      );
      await staysQuiet(heard, queued);
      expect(heard.types(queued.job)).to.deep.equal([]);
      expect(mock.counts().requests).to.equal(1);
    });

    it('while it waits on the ladder is dropped when it comes home', async () => {
      const { bus, heard } = await stage();
      const command = generate('mock-500');
      await bus.send([command]);
      await heard.until('the retry', () => heard.types(command.job).includes('command.retrying'));
      await bus.cancelJob(command.job, 0);
      const { requests } = mock.counts();
      const depth = async (name: string) => (await bus.queues()).find((queue) => queue.name === name)?.depth;
      await eventually(async () => (await depth('retry.1')) === 0 && (await depth('generator.default.normal')) === 0, {
        within: 10_000,
        what: 'the command to come home',
      });
      await staysQuiet(heard, command);
      expect(mock.counts().requests).to.equal(requests);
      expect(heard.types(command.job).filter((type) => type === 'command.retrying')).to.have.lengthOf(1);
    });

    it('by its deadline closes the request at once', async () => {
      const { bus, heard } = await stage();
      const times: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const deadline = Date.now() + 300;
        const command = generate(STREAMING, { deadline });
        const before = mock.counts().aborted;
        await bus.send([command]);
        const { aborts } = await mock.until(({ aborted }) => aborted > before);
        times.push((aborts.at(-1)?.at ?? Number.NaN) - deadline);
        if (round === 4) await staysQuiet(heard, command);
      }
      console.log(`      ${provider}, by deadline: ${spread(times)}`);
      expect(Math.max(...times)).to.be.below(GOAL_MS);
    }).retries(MEASURED_AGAIN);

    it('after its worker was lost and another took over closes the request at once', async () => {
      const bus = await here.connect();
      const heard = here.use(await hear(bus));
      const proxy = here.use(await startProxy(here.vhost.amqpUrl));
      const lost = await generator(await here.connect({ url: proxy.url }), env(), { drainMs: 0 });
      const command = generate(STREAMING);
      await bus.send([command]);
      await streaming(heard, command);
      here.use(await generator(bus, env(), { drainMs: 0 }));
      here.use(lost);
      await proxy.close();
      await mock.until(({ streams_open }) => streams_open === 2, 20_000);
      const before = mock.counts().aborted;
      const cancelledAt = now();
      await bus.cancelJob(command.job, 0);
      const { aborts } = await mock.until(({ aborted }) => aborted > before);
      const ms = (aborts[before]?.at ?? Number.NaN) - cancelledAt;
      console.log(`      ${provider}, after another worker took over: ${ms.toFixed(1)} ms`);
      expect(ms).to.be.below(GOAL_MS);
    }).retries(MEASURED_AGAIN);
  });
}
