import amqp, { type Channel } from 'amqplib';
import { expect } from 'chai';
import { DeadLettersBusyError } from '../../shared/bus/bus.ts';
import { type DeadLetter, deadLetterId } from '../../shared/bus/dead-letter.ts';
import { TerminalError } from '../../shared/bus/errors.ts';
import { newId } from '../../shared/ids.ts';
import { commandId } from '../../shared/messages/command.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';
import { bench, bodyOf, embed, embedder, hear } from './bench.ts';

describe('dead letters', () => {
  const here = bench();
  const { use, connect } = here;

  /** A bus whose worker buries everything sent to a pool; the letters of that pool are this test's own. */
  async function graveyard(count: number, wish: Parameters<typeof embed>[0] = {}) {
    const bus = await connect();
    const pool = newId('job').slice(-12);
    const queue = `embedder.${pool}.normal`;
    const handler = embedder(async () => {
      throw new TerminalError('model_not_found', 'no such model');
    });
    const serving = await bus.serve({ service: 'embedder', pool, concurrency: 9, handlers: [handler] });
    const commands = Array.from({ length: count }, (_, n) => embed({ pool, part: String(n), ...wish }));
    await bus.send(commands);
    const letters = () => bus.deadLetters.list({ queue });
    await eventually(async () => (await letters()).length === count, {
      within: 10_000,
      what: 'the letters',
      every: 200,
    });
    await serving.close();
    return { bus, pool, queue, commands, letters };
  }

  it('lists, filters and shows', async () => {
    const { bus, queue, commands, letters } = await graveyard(5);
    const all = await letters();
    expect(all.map(({ job }) => job)).to.have.members(commands.map(({ job }) => job));
    const [one] = all;
    expect(await bus.deadLetters.get(one?.id ?? '')).to.deep.equal(one);
    expect(await bus.deadLetters.get('dl_unknown')).to.equal(undefined);
    const count = async (filter: object) => (await bus.deadLetters.list({ queue, ...filter })).length;
    expect(await count({ type: 'texts.embed' })).to.equal(5);
    expect(await count({ type: 'answer.generate' })).to.equal(0);
    expect(await count({ error_code: 'model_not_found' })).to.equal(5);
    expect(await count({ error_code: 'internal' })).to.equal(0);
    expect(await count({ before: one?.died_at ?? '' })).to.equal(0);
    expect(await count({ after: new Date(Date.now() - 60_000).toISOString() })).to.equal(5);
    expect(await count({ ids: all.slice(0, 2).map(({ id }) => id) })).to.equal(2);
    expect(await bus.deadLetters.list({ queue }, 3)).to.have.length(3);
  });

  it('carries all that an operator wants to know in its headers', async () => {
    const { queue, commands } = await graveyard(1);
    const [wish] = commands;
    const messages = await here.vhost.api<{ properties: { message_id: string; headers: Record<string, unknown> } }[]>(
      'POST',
      `queues/${here.vhost.name}/dead-letters/get`,
      { count: 100, ackmode: 'ack_requeue_true', encoding: 'auto' },
    );
    const letter = messages.find(({ properties }) => properties.message_id === wish?.id);
    expect(letter?.properties.headers).to.include({
      'x-error-code': 'model_not_found',
      'x-error-message': 'no such model',
      'x-origin-lane': queue,
      'x-attempts': 1,
      'x-job': wish?.job,
      'x-replay-count': 0,
    });
    expect(Date.parse(String(letter?.properties.headers['x-died-at']))).to.be.closeTo(Date.now(), 30_000);
  });

  it('is still there however often somebody looks', async () => {
    const { bus, queue } = await graveyard(1);
    for (let look = 0; look < 30; look += 1) await bus.deadLetters.list({ queue });
    expect(await bus.deadLetters.list({ queue })).to.have.length(1);
  });

  it('hands commands back to their jobs, once', async () => {
    const { bus, queue, commands, letters } = await graveyard(3);
    const heard = use(await hear(bus));
    expect(await bus.deadLetters.replay({ queue }, { dryRun: true })).to.include({ matched: 3, replayed: 0 });
    expect(await letters()).to.have.length(3);
    const seen: number[] = [];
    const acted = await bus.deadLetters.replay({ queue }, { limit: 2, onProgress: ({ done }) => seen.push(done) });
    expect(acted).to.deep.include({ matched: 2, replayed: 2, skipped: [] });
    expect(seen.length).to.be.at.least(3);
    await bus.deadLetters.replay({ queue });
    expect(await letters()).to.have.length(0);
    const replayed = () => heard.records.filter(({ job }) => commands.some((each) => each.job === job));
    await heard.until('all replays', () => replayed().length >= 3);
    expect(replayed()).to.have.length(3);
    for (const { id, job, type, part, priority, pool, max_attempts, replay, body } of commands) {
      const [record] = heard.ofJob(job);
      expect(record?.event).to.deep.equal({
        type: 'command.replayed',
        body: {
          dead_letter: deadLetterId(job, id),
          command: { id, type, part, priority, pool, max_attempts, replay, body },
        },
      });
    }
  });

  it('says the same again when it was stopped between the record and the ack', async () => {
    const { bus, queue, commands, letters } = await graveyard(2);
    const heard = use(await hear(bus));
    const proxy = use(await startProxy(here.vhost.amqpUrl));
    const dying = await connect({ url: proxy.url });
    const replay = dying.deadLetters.replay({ queue }, { ratePerS: 2 });
    replay.catch(() => {});
    const job = () => heard.records.find(({ event }) => event.type === 'command.replayed')?.job;
    await heard.until('the first record', () => job() !== undefined);
    proxy.sever();
    let replayed = 0;
    await eventually(
      async () => {
        replayed += (await bus.deadLetters.replay({ queue })).replayed;
        return replayed >= 1 && new Set(heard.records.map(({ job }) => job)).size === 2;
      },
      { within: 10_000, what: 'both jobs to be told', every: 200 },
    );
    expect(await letters()).to.have.length(0);
    await heard.until('every job', () => commands.every((each) => heard.ofJob(each.job).length > 0));
    const ids = new Set(heard.records.map(({ id }) => id));
    expect(ids.size).to.equal(2);
  });

  it('does not meet letters that die again while it replays', async () => {
    const { bus, pool, queue, commands } = await graveyard(3);
    const handler = embedder(async () => {
      throw new TerminalError('model_not_found', 'still no such model');
    });
    use(await bus.serve({ service: 'embedder', pool, concurrency: 2, handlers: [handler] }));
    // What the orchestrator's turn does with a replay.
    use(
      await bus.readJournal(0, async (records) => {
        const again = commands.filter(({ job }) => records.some((each) => each.job === job));
        await bus.send(again.map((each) => ({ ...each, id: commandId(each.job, each.type, each.part, 1), replay: 1 })));
      }),
    );
    const acted = await bus.deadLetters.replay({ queue }, { ratePerS: 10 });
    expect(acted).to.include({ matched: 3, replayed: 3 });
    await eventually(async () => (await bus.deadLetters.list({ queue })).length === 3, {
      within: 10_000,
      what: 'new letters',
    });
    const letters = await bus.deadLetters.list({ queue });
    expect(letters.map(({ replay_count }) => replay_count)).to.deep.equal([1, 1, 1]);
    expect(letters.map(({ id }) => id)).to.have.members(
      commands.map(({ job, type, part }) => deadLetterId(job, commandId(job, type, part, 1))),
    );
  });

  it('replays a letter only so often', async () => {
    const { bus, queue } = await graveyard(1, { replay: 10 });
    const { replayed, skipped } = await bus.deadLetters.replay({ queue });
    expect(replayed).to.equal(0);
    expect(skipped[0]?.why).to.include('10 times');
    expect(await bus.deadLetters.discard({ queue })).to.include({ discarded: 1 });
  });

  it('leaves letters that are refused where they are, and reaches those behind them', async () => {
    const { bus, queue, letters } = await graveyard(4);
    const stuck = new Set((await letters()).slice(0, 2).map(({ id }) => id));
    const options = {
      limit: 2,
      refusal: async ({ id }: DeadLetter) => (stuck.has(id) ? 'its job is gone' : undefined),
    };
    const skipped = [...stuck].map((id) => ({ id, why: 'its job is gone' }));
    const looked = await bus.deadLetters.replay({ queue }, { ...options, dryRun: true });
    expect(looked).to.include({ matched: 4, replayed: 0 });
    expect(looked.skipped).to.have.deep.members(skipped);
    const acted = await bus.deadLetters.replay({ queue }, options);
    expect(acted).to.include({ matched: 4, replayed: 2 });
    expect(acted.skipped).to.have.deep.members(skipped);
    const left = (await letters()).map(({ id }) => id);
    expect(left).to.have.members([...stuck]);
    await bus.deadLetters.discard({ queue });
  });

  it('brings a job back by one of its letters; the others of that life stay', async () => {
    const job = newId('job');
    const { bus, queue, letters, pool } = await graveyard(4, { job });
    const heard = use(await hear(bus));
    const looked = await bus.deadLetters.replay({ queue }, { dryRun: true });
    expect(looked).to.include({ matched: 4, replayed: 0 });
    expect(looked.skipped).to.have.length(3);
    const { skipped, ...acted } = await bus.deadLetters.replay({ queue });
    expect(acted).to.deep.equal({ matched: 4, replayed: 1 });
    const left = await letters();
    const why = 'its job was replayed since';
    expect(skipped).to.have.deep.members(left.map(({ id }) => ({ id, why })));
    await heard.until('the replay', () => heard.ofJob(job).length > 0);
    expect(left.map(({ id }) => id)).not.to.include(bodyOf(heard.ofJob(job)[0])?.dead_letter);
    const again = await bus.deadLetters.replay({ queue });
    expect(again, 'before the row of the job shows it').to.include({ matched: 3, replayed: 0 });
    const handler = embedder(async () => {
      throw new TerminalError('model_not_found', 'still no such model');
    });
    use(await bus.serve({ service: 'embedder', pool, concurrency: 2, handlers: [handler] }));
    await bus.send([{ ...embed({ pool, job }), id: commandId(job, 'texts.embed', '0', 1), replay: 1 }]);
    await eventually(async () => (await letters()).length === 4, { within: 10_000, what: 'a letter of the next life' });
    expect(await bus.deadLetters.replay({ queue })).to.include({ matched: 4, replayed: 1 });
    const replays = () => heard.types(job).filter((type) => type === 'command.replayed');
    await heard.until('the second replay', () => replays().length === 2);
    await bus.deadLetters.discard({ queue });
  });

  it('keeps what is foreign until somebody discards it', async () => {
    const bus = await connect();
    use(await bus.readDead());
    await here.vhost.api('POST', `exchanges/${here.vhost.name}/dead/publish`, {
      properties: { message_id: 'not-ours' },
      routing_key: '',
      payload: 'hello',
      payload_encoding: 'string',
    });
    const foreign = async () => (await bus.deadLetters.list()).filter(({ body }) => body === 'hello');
    await eventually(async () => (await foreign()).length === 1, { within: 5000, what: 'the letter' });
    const id = (await foreign())[0]?.id ?? '';
    const { replayed, skipped } = await bus.deadLetters.replay({ ids: [id] });
    expect(replayed).to.equal(0);
    expect(skipped).to.deep.equal([{ id, why: 'not a command of a job: it can only be discarded' }]);
    expect(await bus.deadLetters.discard({ ids: [id] })).to.include({ discarded: 1 });
    expect(await foreign()).to.have.length(0);
  });

  it('waits for another scan, also of another process', async () => {
    const { bus, queue } = await graveyard(4);
    const other = await connect();
    const slow = bus.deadLetters.discard({ queue }, { limit: 2, ratePerS: 4 });
    const [seen] = await Promise.all([other.deadLetters.list({ queue }), slow]);
    expect([2, 4]).to.include(seen.length);
    expect(await other.deadLetters.list({ queue })).to.have.length(2);
  });

  it('waits for another scan only so long', async () => {
    const { bus, queue } = await graveyard(2);
    const other = await connect();
    const stop = new AbortController();
    let held = () => {};
    const begun = new Promise<void>((resolve) => {
      held = resolve;
    });
    const slow = bus.deadLetters.discard(
      { queue },
      { ratePerS: 0.01, signal: stop.signal, onProgress: ({ done }) => done === 2 && held() },
    );
    await begun;
    const refused = await Promise.all(
      [bus, other].map((each) => each.deadLetters.list({ queue }).catch((error: unknown) => error)),
    );
    for (const error of refused) expect(error).to.be.instanceOf(DeadLettersBusyError);
    stop.abort();
    expect(await slow).to.include({ matched: 1, discarded: 1 });
    expect(await bus.deadLetters.list({ queue })).to.have.length(1);
    await bus.deadLetters.discard({ queue });
  });

  it('does not pause once the last letter is done', async () => {
    const { bus, queue } = await graveyard(2);
    const begun = Date.now();
    expect(await bus.deadLetters.discard({ queue }, { limit: 1, ratePerS: 0.1 })).to.include({ discarded: 1 });
    expect(await bus.deadLetters.discard({ queue }, { ratePerS: 0.1 })).to.include({ discarded: 1 });
    expect(Date.now() - begun).to.be.below(9_000);
  });

  it('tells a job when the broker itself gives its command up', async () => {
    const bus = await connect();
    const heard = use(await hear(bus));
    use(await bus.readDead());
    const pool = 'poison';
    const wish = embed({ pool });
    await bus.send([wish]);
    await killWorkers(here.vhost.amqpUrl, `embedder.${pool}.normal`);
    await heard.until('the failure', () => heard.types(wish.job).includes('command.failed'));
    const [letter] = await bus.deadLetters.list({ queue: `embedder.${pool}.normal` });
    expect(letter).to.include({ job: wish.job, reason: 'delivery_limit', replayable: true });
    expect(letter?.error).to.include({ code: 'poison_message', retryable: false });
    expect(heard.ofJob(wish.job)[0]?.event.body).to.deep.include({ dead_letter: letter?.id, body: wish.body });
  });
});

/** Takes a message again and again and dies each time, until there is none. */
async function killWorkers(url: string, queue: string): Promise<void> {
  const connection = await amqp.connect(url, { noDelay: true });
  try {
    for (let deaths = 0; deaths < 60; deaths += 1) {
      const channel: Channel = await connection.createChannel();
      const message = await channel.get(queue);
      await channel.close();
      if (message === false && deaths > 20) return;
    }
    throw new Error('the message came more than 60 times');
  } finally {
    await connection.close();
  }
}
