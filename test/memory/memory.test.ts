import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { type MockProvider, startMockProvider } from '../../infra/mock-provider/start-mock-provider.ts';
import type { Bus } from '../../shared/bus/bus.ts';
import { newId } from '../../shared/ids.ts';
import { GenerateAnswer } from '../../shared/messages/answering.ts';
import { type Command, commandId } from '../../shared/messages/command.ts';
import { bench } from '../bus/bench.ts';
import { eventually } from '../support/eventually.ts';
import type { Holding } from './worker.ts';

/** 10,000 for the full run, which takes some minutes. */
const GENERATIONS = Number(process.env.MEMORY_GENERATIONS ?? 1_500);
const ROUND = 500;
const SHORT = 'mock-itl1-len10';
const LONG = 'mock-itl20-len1000';
/** Every so many generations one is cancelled in mid-stream. */
const CANCELLED_EVERY = 10;
const MOST_HEAP_GROWTH_MB = 16;

function generate(model: string): Command {
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
    max_attempts: 5,
    replay: 0,
  };
}

async function ask(worker: ChildProcess): Promise<Holding> {
  worker.send('hold');
  const [held] = (await once(worker, 'message')) as [Holding];
  return held;
}

const shown = ({ heapMb, rssMb, resources }: Holding): string =>
  `heap ${heapMb.toFixed(1)} MB, rss ${rssMb.toFixed(0)} MB, ${JSON.stringify(resources)}`;

describe(`a worker after ${GENERATIONS} generations with cancels, cuts and retries`, function () {
  this.timeout(20 * 60_000);
  const here = bench();
  let mock: MockProvider;
  let worker: ChildProcess;
  /** Jobs to be cancelled as soon as their first words are here. */
  const unwanted = new Set<string>();
  before(async () => {
    mock = await startMockProvider({ drainMs: 0 });
    worker = fork(new URL('./worker.ts', import.meta.url), {
      execArgv: ['--expose-gc', '--import', 'tsx'],
      env: {
        ...process.env,
        AMQP_URL: here.vhost.amqpUrl,
        GENERATOR: 'ollama',
        OLLAMA_HOST: mock.url,
        GENERATION_MODEL: SHORT,
        GENERATE_CONCURRENCY: '24',
      },
    });
    await once(worker, 'message');
  });
  after(async () => {
    const ended = once(worker, 'exit');
    worker.disconnect();
    await ended;
    await mock.stop();
  });

  /** Sends some generations, disturbs them, and waits until all have ended. @returns streams that were cancelled or cut */
  async function round(bus: Bus, ended: Set<string>): Promise<number> {
    const commands = Array.from({ length: ROUND }, (_, n) => generate(n % CANCELLED_EVERY === 0 ? LONG : SHORT));
    const cancelled = commands.filter((_, n) => n % CANCELLED_EVERY === 0);
    for (const { job } of cancelled) unwanted.add(job);
    const chat = { match: { model: SHORT, path: '/api/chat' } };
    mock.faults.add({ ...chat, fault: { reset: 'stream' }, times: ROUND / 50 });
    mock.faults.add({ ...chat, fault: { truncate: true }, times: ROUND / 50 });
    await bus.send(commands);
    await eventually(() => commands.every(({ job }) => ended.has(job)), { within: 120_000, what: 'a round to end' });
    await eventually(() => mock.counts().requests_open === 0, { within: 10_000, what: 'the provider to be idle' });
    const { aborted } = mock.counts();
    mock.reset();
    return aborted;
  }

  it('holds no more than after the first of them', async () => {
    const bus = await here.connect();
    const ended = new Set<string>();
    let [retries, aborted] = [0, 0];
    here.use(
      await bus.readJournal(0, async (records) => {
        for (const { job, event } of records) {
          if (event.type === 'answer.generated') ended.add(job);
          if (event.type === 'answer.started' && unwanted.delete(job)) {
            await bus.cancelJob(job, 0);
            ended.add(job);
          }
          if (event.type === 'command.retrying') retries += 1;
        }
      }),
    );
    aborted += await round(bus, ended);
    const before = await ask(worker);
    for (let done = ROUND; done < GENERATIONS; done += ROUND) {
      aborted += await round(bus, ended);
      ended.clear();
    }
    const after = await ask(worker);
    console.log(`      after ${ROUND}: ${shown(before)}`);
    console.log(`      after ${GENERATIONS}: ${shown(after)}; ${retries} retries, ${aborted} closed in mid-stream`);
    expect(Math.min(retries, aborted)).to.be.above(GENERATIONS / 100);
    expect(after.busy).to.equal(0);
    expect(after.warnings).to.deep.equal([]);
    expect(after.heapMb - before.heapMb).to.be.below(MOST_HEAP_GROWTH_MB);
    for (const [kind, count] of Object.entries(after.resources)) {
      expect(count, kind).to.be.at.most((before.resources[kind] ?? 0) + 8);
    }
  });
});
