import { expect } from 'chai';
import { BrokerUnavailableError } from '../../shared/bus/bus.ts';
import { TerminalError } from '../../shared/bus/errors.ts';
import { partitionOf } from '../../shared/bus/partition.ts';
import { newId } from '../../shared/ids.ts';
import { recordToJson } from '../../shared/messages/record.ts';
import { JobCancel } from '../../shared/messages/submission.ts';
import { eventually } from '../support/eventually.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';
import { startProxy } from '../support/proxy.ts';
import { bench, gate, hear, record } from './bench.ts';

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('journal', () => {
  const here = bench();
  const { use, connect } = here;
  const job = newId('job');
  const ids = (count: number, prefix = 'r') => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

  it('carries records in order, many to a message', async () => {
    const bus = await connect();
    const wanted = ids(1000);
    await Promise.all(wanted.map((id) => bus.append([record(id, job)])));
    const [journal] = (await bus.queues()).filter(({ name }) => name === 'journal.0');
    expect(journal?.depth).to.be.within(5, 20);
    const heard = use(await hear(bus));
    await heard.until('all records', (records) => records.length >= 1000);
    expect(heard.records.map(({ id }) => id)).to.deep.equal(wanted);
  });

  it('sends each job to its own partition', async () => {
    const bus = await connect({ partitions: 3 });
    const jobs = Array.from({ length: 60 }, () => newId('job'));
    const heard = await Promise.all([0, 1, 2].map(async (partition) => use(await hear(bus, partition))));
    await bus.append(jobs.map((each) => record(`of ${each}`, each)));
    for (const [partition, { until, records }] of heard.entries()) {
      const wanted = jobs.filter((each) => partitionOf(each, 3) === partition);
      await until(`partition ${partition}`, () => records.length >= wanted.length);
      expect(records.map((each) => each.job)).to.deep.equal(wanted);
      expect(wanted.length).to.be.greaterThan(5);
    }
  });

  it('goes on through cut connections, losing nothing and keeping the order', async () => {
    const proxy = use(await startProxy(here.vhost.amqpUrl));
    const bus = await connect({ url: proxy.url });
    const reader = await connect();
    const heard = use(await hear(reader));
    const wanted = ids(600, 'cut');
    const appended: Promise<void>[] = [];
    for (const [n, id] of wanted.entries()) {
      appended.push(bus.append([record(id, job)]));
      if (n % 200 === 100) proxy.cut();
      if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(appended);
    await heard.until('the last record', (records) => records.some(({ id }) => id === 'cut599'));
    // A group may come twice, never out of order.
    const first = [...new Set(heard.records.map(({ id }) => id))];
    expect(first).to.deep.equal(wanted);
  });

  it('rejects in time while the broker is away, at once when asked to fail fast', async () => {
    const proxy = use(await startProxy(here.vhost.amqpUrl));
    const bus = await connect({ url: proxy.url });
    proxy.sever();
    await eventually(() => !bus.health().connected, { within: 5000, what: 'the bus to notice' });
    const startedAt = Date.now();
    expect(await rejection(bus.append([record('late', job)], { timeoutMs: 400 }))).to.be.instanceOf(
      BrokerUnavailableError,
    );
    expect(Date.now() - startedAt).to.be.within(350, 2000);
    expect(await rejection(bus.append([record('now', job)], { failFast: true }))).to.be.instanceOf(
      BrokerUnavailableError,
    );
    proxy.heal();
    await bus.append([record('healed', job)]);
    const heard = use(await hear(bus));
    await heard.until('the healed record', (records) => records.some(({ id }) => id === 'healed'));
    expect(heard.records.map(({ id }) => id)).not.to.include('now');
  });

  it('fails fast and says why while the broker blocks publishers', async () => {
    const proxy = use(await startProxy(here.vhost.amqpUrl));
    const bus = await connect({ url: proxy.url });
    proxy.tellBlocked('low on memory');
    await eventually(() => bus.health().blocked !== undefined, { within: 5000, what: 'the bus to notice' });
    expect(bus.health()).to.deep.equal({ connected: true, blocked: 'low on memory' });
    expect(await rejection(bus.append([record('no', job)], { failFast: true })))
      .to.have.property('message')
      .that.includes('low on memory');
    const patient = bus.append([record('patient', job)]);
    proxy.tellUnblocked();
    await patient;
    expect(bus.health().blocked).to.equal(undefined);
  });

  it('refuses a record that no message can carry', async () => {
    const bus = await connect();
    const event = JobCancel({ reason: 'x'.repeat(1024 * 1024) });
    expect(await rejection(bus.append([{ id: 'huge', job, at: 1, event }]))).to.be.instanceOf(TerminalError);
  });

  it('serves one reader, and another at once when it goes', async () => {
    const first = await connect();
    const second = await connect();
    const heardFirst = use(await hear(first));
    const heardSecond = use(await hear(second));
    await first.append([record('one', job)]);
    await heardFirst.until('the first reader', (records) => records.some(({ id }) => id === 'one'));
    expect(heardSecond.records).to.deep.equal([]);
    await heardFirst.close();
    await first.append([record('two', job)]);
    await heardSecond.until('the second reader', (records) => records.some(({ id }) => id === 'two'));
    expect(heardFirst.records.map(({ id }) => id)).not.to.include('two');
  });

  it("hands a dead reader's records to the next in order", async () => {
    const proxy = use(await startProxy(here.vhost.amqpUrl));
    const dying = await connect({ url: proxy.url });
    const never = gate();
    let begun = 0;
    use(
      await dying.readJournal(0, async (records) => {
        begun += records.length;
        await never.opened;
      }),
    );
    use({ close: async () => never.open() });
    const bus = await connect();
    const heard = use(await hear(bus));
    const wanted = ids(50, 'take');
    for (const id of wanted) await bus.append([record(id, job)]);
    await eventually(() => begun > 0, { within: 5000, what: 'the first reader to begin' });
    expect(heard.records).to.have.length(0);
    proxy.sever();
    const cutAt = Date.now();
    await heard.until('all records', (records) => records.length >= 50);
    expect(Date.now() - cutAt).to.be.below(3000);
    expect(heard.records.map(({ id }) => id)).to.deep.equal(wanted);
  }).retries(MEASURED_AGAIN);

  it('tries the same batch again when a turn fails', async () => {
    const bus = await connect();
    const seen: string[][] = [];
    const redelivered: boolean[] = [];
    const reader = await bus.readJournal(0, async (records, info) => {
      seen.push(records.map(({ id }) => id));
      redelivered.push(info.redelivered);
      if (seen.length < 3) throw new Error('the database is away');
    });
    use(reader);
    await bus.append([record('again', job)]);
    await eventually(() => seen.length >= 3, { within: 5000, what: 'three turns' });
    expect(seen).to.deep.equal([['again'], ['again'], ['again']]);
    expect(redelivered).to.deep.equal([false, true, true]);
    await reader.close();
    const heard = use(await hear(bus));
    await bus.append([record('next', job)]);
    await heard.until('only the next', (records) => records.length > 0);
    expect(heard.records.map(({ id }) => id)).to.deep.equal(['next']);
  });

  it('begins the next turn when the last one is heard, and acks neither before both are done', async () => {
    const bus = await connect();
    const sent = gate();
    const turns: string[][] = [];
    const reader = await bus.readJournal(0, async (records, { heard }) => {
      turns.push(records.map(({ id }) => id));
      heard();
      if (turns.length === 1) await sent.opened;
    });
    use(reader);
    await bus.append([record('first', job)]);
    await eventually(() => turns.length === 1, { within: 5000, what: 'the first turn' });
    await bus.append([record('second', job)]);
    await eventually(() => turns.length === 2, { within: 5000, what: 'the second turn' });
    const unacked = async () =>
      ((await here.vhost.api('GET', `queues/${here.vhost.name}/journal.0`)) as { messages_unacknowledged: number })
        .messages_unacknowledged;
    await eventually(async () => (await unacked()) === 2, { within: 15_000, what: 'both to be held', every: 200 });
    sent.open();
    await eventually(async () => (await unacked()) === 0, { within: 15_000, what: 'both to be acked', every: 200 });
    expect(turns).to.deep.equal([['first'], ['second']]);
  });

  it('comes back when its queue is deleted', async () => {
    const bus = await connect();
    const heard = use(await hear(bus));
    await here.vhost.api('DELETE', `queues/${here.vhost.name}/journal.0`);
    await bus.append([record('reborn', job)]);
    await heard.until('the record', (records) => records.some(({ id }) => id === 'reborn'));
  });

  it('does not stumble over a late ack', async () => {
    const bus = await connect();
    const slow = gate();
    let turns = 0;
    const reader = await bus.readJournal(0, async () => {
      turns += 1;
      if (turns === 1) await slow.opened;
    });
    use(reader);
    await bus.append([record('slow', job)]);
    await eventually(() => turns === 1, { within: 5000, what: 'the turn' });
    await here.vhost.api('DELETE', `queues/${here.vhost.name}/journal.0`);
    slow.open();
    await bus.append([record('after', job)]);
    await eventually(() => turns >= 2, { within: 10_000, what: 'the next turn' });
    expect(bus.health().connected).to.equal(true);
  });

  it('buries what is no record and goes on with the rest', async () => {
    const bus = await connect();
    const heard = use(await hear(bus));
    const publish = (payload: string) =>
      here.vhost.api('POST', `exchanges/${here.vhost.name}/events/publish`, {
        properties: {},
        routing_key: '0',
        payload,
        payload_encoding: 'string',
      });
    await publish('not json');
    await publish(
      JSON.stringify({
        records: [{ odd: true }, recordToJson(record('good', job)), { ...recordToJson(record('x')), type: 'no.such' }],
      }),
    );
    await heard.until('the good one', (records) => records.some(({ id }) => id === 'good'));
    await bus.append([record('following', job)]);
    await heard.until('the following', (records) => records.some(({ id }) => id === 'following'));
    expect(heard.records.map(({ id }) => id)).to.deep.equal(['good', 'following']);
    const letters = await bus.deadLetters.list();
    expect(letters.map(({ queue, error }) => [queue, error.code])).to.deep.equal(
      Array(3).fill(['journal.0', 'validation']),
    );
    expect(letters.map(({ error }) => error.message).join()).to.include('unknown event type "no.such"');
    expect(letters[0]).to.include({ body: 'not json', replayable: false });
    expect(await bus.deadLetters.discard({})).to.include({ matched: 3, discarded: 3 });
  });
});
