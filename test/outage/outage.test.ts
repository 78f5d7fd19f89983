import { expect } from 'chai';
import { type MockProvider, startMockProvider } from '../../infra/mock-provider/start-mock-provider.ts';
import { DEAD_LETTERS } from '../../shared/bus/topology.ts';
import { newId } from '../../shared/ids.ts';
import { AnswerGenerated, GenerateAnswer } from '../../shared/messages/answering.ts';
import { type Command, commandId } from '../../shared/messages/command.ts';
import { EmbedTexts } from '../../shared/messages/embedding.ts';
import type { Message } from '../../shared/messages/message.ts';
import { bench, type Heard, hear } from '../bus/bench.ts';
import { eventually } from '../support/eventually.ts';
import { embedder, generator, keptLog } from '../support/workers.ts';

/** How long the provider is away; an hour looks no different from a minute. */
const OUTAGE_MS = Number(process.env.OUTAGE_S ?? 20) * 1000;
const JOBS = 300;
/** Some seconds, on a machine that does nothing else. */
const ENDS_WITHIN_MS = 180_000;
const MODEL = 'mock-ttft20-itl2-len20';
const PASSAGE = {
  passage_id: 'psg_1',
  document_id: 'a',
  title: 'Rabbits',
  heading: '',
  text: 'Rabbits dig warrens.',
  score: 1,
  similarity: 1,
  start: 0,
  end: 20,
  metadata: {},
};

function command({ type, body }: Message, n: number): Command {
  const job = newId('job');
  const id = commandId(job, type, '0');
  const priority = n % 3 === 0 ? 'high' : 'normal';
  return { id, job, type, part: '0', body, priority, pool: 'default', attempt: 1, max_attempts: 1, replay: 0 };
}

const generations = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    command(GenerateAnswer({ question: `What do rabbits dig, number ${n}?`, passages: [PASSAGE] }), n),
  );
const embeddings = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    command(EmbedTexts({ batch: '0', role: 'document', texts: [`text ${n}`, `more of ${n}`] }), n),
  );

/** What journals say about the outage. */
function tally(heard: Heard, commands: readonly Command[]) {
  const records = commands.map(({ job }) => heard.ofJob(job));
  const of = (type: string) => records.map((own) => own.filter(({ event }) => event.type === type));
  const retrying = of('command.retrying').flat();
  const ids = retrying.map(({ id }) => id);
  return {
    done: of('answer.generated')
      .concat(of('texts.embedded'))
      .filter((own) => own.length > 0).length,
    doneTwice: of('answer.generated')
      .concat(of('texts.embedded'))
      .filter((own) => own.length > 1).length,
    dead: of('command.failed').flat().length,
    attempts: new Set(retrying.map(({ event }) => (event.body as { attempt: number }).attempt)),
    told: retrying.length,
    /** What clients see: records that come again under their id are heard once. */
    heardOnce: new Set(ids).size,
    jobsTold: new Set(retrying.map(({ job }) => job)).size,
  };
}

describe(`a provider that is away for ${OUTAGE_MS / 1000} s under ${JOBS} jobs`, function () {
  this.timeout(OUTAGE_MS + 2 * ENDS_WITHIN_MS);
  const here = bench();
  let mock: MockProvider;
  beforeEach(async () => {
    mock = await startMockProvider({ drainMs: 0 });
  });
  afterEach(() => mock.stop());

  const deadLetters = async (bus: Awaited<ReturnType<typeof here.connect>>) =>
    (await bus.queues()).find(({ name }) => name === DEAD_LETTERS)?.depth;

  /** Stops the provider when a tenth of the jobs is done, and starts it again on the same port. */
  async function goAway(
    doneSoFar: () => number,
  ): Promise<{ requestsAtReturn: number; awayAt: number; backAt: number }> {
    await eventually(() => doneSoFar() >= JOBS / 10, { within: 60_000, every: 5, what: 'a tenth of the jobs' });
    const port = Number(new URL(mock.url).port);
    const awayAt = Date.now();
    await mock.stop();
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    mock = await startMockProvider({ port, drainMs: 0 });
    return { requestsAtReturn: mock.counts().requests, awayAt, backAt: Date.now() };
  }

  const breakerStates = (lines: readonly Record<string, unknown>[], provider: string) =>
    lines.flatMap((line) => (String(line.breaker).startsWith(provider) ? [String(line.state)] : []));

  for (const kind of ['generator', 'embedder'] as const) {
    it(`leaves the commands of the ${kind} waiting: no attempt spent, no dead letter, all done when it is back`, async () => {
      const bus = await here.connect();
      const { log, lines } = keptLog();
      const heard = here.use(await hear(bus));
      here.use(await bus.readDead());
      here.use(
        kind === 'generator'
          ? await generator(bus, { GENERATOR: 'ollama', GENERATION_MODEL: MODEL, OLLAMA_HOST: mock.url }, { log })
          : await embedder(
              bus,
              { EMBEDDER: 'ollama', EMBEDDING_MODEL: 'mock-ttft100-d8', OLLAMA_HOST: mock.url },
              { log },
            ),
      );
      const commands = kind === 'generator' ? generations(JOBS) : embeddings(JOBS);
      await bus.send(commands);
      const { awayAt, backAt } = await goAway(() => tally(heard, commands).done);
      const atReturn = tally(heard, commands);
      expect(atReturn.done).to.be.below(JOBS);
      const isOver = ({ done, dead }: ReturnType<typeof tally>) => done + dead >= JOBS;
      await heard.until('all to end', () => isOver(tally(heard, commands)), ENDS_WITHIN_MS);
      const seen = tally(heard, commands);
      const states = breakerStates(lines, 'ollama');
      console.log(
        `      ${kind}: away ${backAt - awayAt} ms with ${JOBS - atReturn.done} jobs left, all done ${Date.now() - backAt} ms after; ` +
          `${seen.told} said why they wait; breaker: ${states.join(' ')}`,
      );
      expect(seen).to.deep.include({ done: JOBS, doneTwice: 0, dead: 0 });
      expect([...seen.attempts]).to.deep.equal([1]);
      expect(seen.heardOnce).to.equal(seen.jobsTold);
      expect(await deadLetters(bus)).to.equal(0);
      expect(states.slice(0, 2)).to.deep.equal(['open', 'half-open']);
      expect(states.slice(-2)).to.deep.equal(['half-open', 'closed']);
      expect(states.filter((state) => state === 'closed')).to.have.lengthOf(1);
    });
  }

  it('has a fallback answer meanwhile, and says so', async () => {
    const bus = await here.connect();
    const heard = here.use(await hear(bus));
    here.use(await generator(bus, { GENERATOR: 'ollama,extractive', GENERATION_MODEL: MODEL, OLLAMA_HOST: mock.url }));
    await mock.stop();
    const commands = generations(JOBS);
    await bus.send(commands);
    await heard.until('all answered', () => tally(heard, commands).done === JOBS, 60_000);
    const answers = commands.map(({ job }) => heard.ofJob(job).find(({ event }) => event.type === 'answer.generated'));
    const told = answers.map((record) => {
      const { provider, degraded } = AnswerGenerated.parse(record?.event.body).body;
      return `${provider} ${degraded ? 'degraded' : 'as asked'}`;
    });
    expect([...new Set(told)]).to.deep.equal(['extractive degraded']);
    expect(tally(heard, commands)).to.deep.include({ dead: 0, told: 0 });
  });

  it('slows everybody down when it asks for patience, and is asked by one first', async () => {
    const bus = await here.connect();
    const heard = here.use(await hear(bus));
    const env = { GENERATOR: 'ollama', GENERATION_MODEL: MODEL, OLLAMA_HOST: mock.url, GENERATE_CONCURRENCY: '4' };
    here.use(await generator(bus, env));
    mock.faults.add({ match: { path: '/api/chat' }, fault: { status: 429, retry_after: 2 }, times: 1 });
    const commands = generations(20);
    const startedAt = Date.now();
    await bus.send(commands);
    await mock.until(({ answers_by_status }) => answers_by_status['429'] === 1);
    const [refusedAt, refusedBy] = [Date.now(), mock.counts().requests];
    await mock.until(({ requests }) => requests > refusedBy + 3, 10_000);
    await heard.until('all done', () => tally(heard, commands).done === 20, 30_000);
    expect(Date.now() - startedAt).to.be.at.least(2_000);
    expect(Date.now() - refusedAt).to.be.at.least(1_900);
    expect(tally(heard, commands)).to.deep.include({ dead: 0, doneTwice: 0 });
    expect([...tally(heard, commands).attempts]).to.deep.equal([1]);
  });
});
