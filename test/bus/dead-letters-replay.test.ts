import { expect } from 'chai';
import { type DeadLetter, deadLetterId } from '../../shared/bus/dead-letter.ts';
import { TerminalError } from '../../shared/bus/errors.ts';
import { newId } from '../../shared/ids.ts';
import { commandId } from '../../shared/messages/command.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';
import { bench, bodyOf, embed, embedder, hear } from './bench.ts';
import { graveyard } from './graveyard.ts';

describe('dead letters', () => {
  const here = bench();
  const { use, connect } = here;

  it('hands commands back to their jobs, once', async () => {
    const { bus, queue, commands, letters } = await graveyard(here, 3);
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
    const { bus, queue, commands, letters } = await graveyard(here, 2);
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
    const { bus, pool, queue, commands } = await graveyard(here, 3);
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
    const { bus, queue } = await graveyard(here, 1, { replay: 10 });
    const { replayed, skipped } = await bus.deadLetters.replay({ queue });
    expect(replayed).to.equal(0);
    expect(skipped[0]?.why).to.include('10 times');
    expect(await bus.deadLetters.discard({ queue })).to.include({ discarded: 1 });
  });

  it('leaves letters that are refused where they are, and reaches those behind them', async () => {
    const { bus, queue, letters } = await graveyard(here, 4);
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
    const { bus, queue, letters, pool } = await graveyard(here, 4, { job });
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
});
