import { expect } from 'chai';
import { retrievePassages } from '../../services/rag-orchestrator/retrieve-passages.ts';
import { waitForDatabase } from '../../services/rag-orchestrator/wait-for-database.ts';
import { on, type Work } from '../../shared/bus/handler.ts';
import { newId } from '../../shared/ids.ts';
import { type Command, commandId } from '../../shared/messages/command.ts';
import { CommandFailed, CommandRetrying } from '../../shared/messages/outcome.ts';
import { PassagesRetrieved, RetrievePassages } from '../../shared/messages/retrieval.ts';
import { ensureCollection } from '../../shared/store/collections.ts';
import { openDatabase } from '../../shared/store/database.ts';
import { StoreUnavailableError } from '../../shared/store/errors.ts';
import { bench, hear } from '../bus/bench.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { startProxy } from '../support/proxy.ts';
import { rejected } from '../support/rejected.ts';

const COMMANDS = 12;
const DEFAULTS = { embedding_model: 'test', chunk_size: 100, chunk_overlap: 0, hybrid_weight: 0.5 };

function retrieval(): Command {
  const job = newId('job');
  const { type } = RetrievePassages;
  const body = { owner: 'ann', collection: 'notes', query: 'rabbits', top_k: 3, mode: 'text' };
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
    max_attempts: 1,
    replay: 0,
  };
}

describe('a database that is away', function () {
  this.timeout(60_000);
  const here = bench();
  let fresh: FreshDatabase;
  before(async () => {
    fresh = await freshDatabase();
    await ensureCollection(fresh.db, 'ann', 'notes', DEFAULTS);
  });
  after(() => fresh.drop());

  it('leaves commands waiting: no attempt is spent, no dead letter made, and all are done when it is back', async () => {
    const proxy = here.use(await startProxy(fresh.url));
    const db = here.use(openDatabase({ url: proxy.url }));
    const bus = await here.connect();
    const heard = here.use(await hear(bus));
    const handlers = [retrievePassages(db)].map(waitForDatabase(db));
    here.use(await bus.serve({ service: 'rag-orchestrator', pool: 'default', concurrency: 4, handlers }));
    proxy.sever();
    const commands = Array.from({ length: COMMANDS }, retrieval);
    await bus.send(commands);
    const of = (type: string) => heard.records.filter(({ event }) => event.type === type);
    await heard.until('somebody to say that they wait', () => of(CommandRetrying.type).length > 0);
    proxy.heal();
    await heard.until('all to be done', () => of(PassagesRetrieved.type).length === COMMANDS, 30_000);
    expect(of(CommandFailed.type)).to.deep.equal([]);
    const [said] = of(CommandRetrying.type);
    expect(said?.event.body).to.deep.include({ attempt: 1 });
    expect(await bus.deadLetters.list()).to.deep.equal([]);
  });

  const query = { owner: 'ann', collection: 'notes', query: 'rabbits', top_k: 3, mode: 'text' };
  const work = { signal: new AbortController().signal } as Work;
  const breaking = (times: number) => {
    let tries = 0;
    const handler = on(RetrievePassages, async () => {
      tries += 1;
      if (tries <= times) throw new StoreUnavailableError('the connection was lost');
      return { event: PassagesRetrieved({ passages: [] }) };
    });
    return { tried: () => tries, handler: waitForDatabase(fresh.db)(handler) };
  };

  it('is not at fault when it answers and a connection broke: the command is tried again at once', async () => {
    const { handler, tried } = breaking(1);
    expect((await handler.run(query, work)).event.type).to.equal(PassagesRetrieved.type);
    expect(tried()).to.equal(2);
  });

  it('is not at fault when it answers and the statement fails again and again: that spends an attempt', async () => {
    const { handler, tried } = breaking(100);
    await rejected(handler.run(query, work), StoreUnavailableError);
    expect(tried()).to.equal(3);
  });
});
