import amqp, { type ConfirmChannel } from 'amqplib';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Bus } from '../../shared/bus/bus.ts';
import { DEAD_LETTERS, EXCHANGES, journalName } from '../../shared/bus/topology.ts';
import { newId } from '../../shared/ids.ts';
import { bench, embed, embedder, hear } from '../bus/bench.ts';
import { eventually } from '../support/eventually.ts';
import { nasty } from './from-schema.ts';
import { FUZZ_RUNS, FUZZ_TIMEOUT_MS, report } from './sizes.ts';

const POOL = 'foreign';
const LANE = `embedder.${POOL}.normal`;

/** A message nobody of ours sent. */
interface Foreign {
  readonly to: 'lane' | 'journal' | 'push' | 'control';
  readonly content: Buffer;
  readonly properties: amqp.Options.Publish;
}

const value = fc.oneof(nasty, fc.integer({ min: -10, max: 10 }), fc.boolean(), fc.constant(1e300));
const HEADERS = fc.constantFrom(
  'x-part',
  'x-attempt',
  'x-max-attempts',
  'x-pool',
  'x-priority',
  'x-replay-count',
  'x-unanswered',
  'x-not-before',
  'x-origin',
  'x-n',
);

const foreign: fc.Arbitrary<Foreign> = fc.record({
  to: fc.constantFrom('lane', 'journal', 'push', 'control'),
  content: fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    fc.jsonValue({ maxDepth: 3 }).map((json) => Buffer.from(JSON.stringify(json))),
    fc
      .jsonValue({ maxDepth: 2 })
      .map((json) => Buffer.from(JSON.stringify({ records: [json, { id: 'x', job: json }] }))),
  ),
  properties: fc
    .record(
      {
        messageId: short(),
        correlationId: short(),
        type: fc.oneof(short(), fc.constantFrom('texts.embed', 'events', 'alive', 'job.cancel')),
        headers: fc.dictionary(HEADERS, value, { maxKeys: 8 }),
      },
      { requiredKeys: [] },
    )
    .map((properties) => ({ ...properties })),
});

/** AMQP's short strings have 255 bytes at most. */
function short(): fc.Arbitrary<string> {
  return nasty.map((text) => Buffer.from(text).subarray(0, 60).toString());
}

describe('doors: AMQP messages of strangers', function () {
  this.timeout(FUZZ_TIMEOUT_MS);
  const here = bench();

  it('are put away with a reason or ignored, and work goes on behind them', async () => {
    const bus = await here.connect();
    const heard = here.use(await hear(bus));
    here.use(await bus.readDead());
    here.use(await bus.onPush({ events: () => {}, alive: () => {}, resync: () => {} }));
    const handlers = [embedder(async () => {})];
    here.use(await bus.serve({ service: 'embedder', pool: POOL, concurrency: 12, handlers }));

    const messages = fc.sample(foreign, FUZZ_RUNS);
    await publishAll(here.vhost.amqpUrl, messages);
    const good = Array.from({ length: 20 }, () => embed({ pool: POOL, job: newId('job') }));
    await bus.send(good);
    await heard.until('the work behind them', () => good.every(({ job }) => heard.types(job).length > 0), 60_000);

    await eventually(async () => (await depths(bus, [LANE, journalName(0)])).every((depth) => depth === 0), {
      within: 60_000,
      what: 'lane and journal to be empty',
      every: 200,
    });
    const letters = await bus.deadLetters.list({}, FUZZ_RUNS * 2);
    for (const letter of letters) expect(letter.error.message).not.to.equal('');
    const buried = letters.filter(({ queue }) => queue === LANE);
    expect(buried.length, 'what lay in the lane is buried, but for what was a command by chance').to.be.within(
      1,
      messages.filter(({ to }) => to === 'lane').length,
    );
    const strangers = messages.filter(({ to }) => to === 'lane' || to === 'journal').length;
    const [lying] = await depths(bus, [DEAD_LETTERS]);
    expect(lying, 'dead letters: one at least for each stranger in lane or journal').to.be.at.least(strangers);
    const counts: Record<string, number> = {};
    for (const { to } of messages) counts[`to ${to}`] = (counts[`to ${to}`] ?? 0) + 1;
    report('AMQP', { ...counts, 'dead letters': lying ?? 0 });
  });
});

async function depths(bus: Bus, names: readonly string[]): Promise<number[]> {
  const queues = await bus.queues();
  return names.map((name) => queues.find((queue) => queue.name === name)?.depth ?? -1);
}

async function publishAll(url: string, messages: readonly Foreign[]): Promise<void> {
  const connection = await amqp.connect(url, { noDelay: true });
  try {
    const channel = await connection.createConfirmChannel();
    for (const message of messages) publish(channel, message);
    await channel.waitForConfirms();
  } finally {
    await connection.close();
  }
}

function publish(channel: ConfirmChannel, { to, content, properties }: Foreign): void {
  const persistent = { ...properties, persistent: true };
  switch (to) {
    case 'lane':
      channel.publish('', LANE, content, persistent);
      return;
    case 'journal':
      channel.publish('', journalName(0), content, persistent);
      return;
    case 'push':
      channel.publish(EXCHANGES.push, '', content, properties);
      return;
    case 'control':
      channel.publish('', 'control', content, persistent);
      return;
    default:
      to satisfies never;
  }
}
