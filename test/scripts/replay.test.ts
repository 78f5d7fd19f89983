import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { type Bus, type Closeable, connectBus } from '../../shared/bus/bus.ts';
import { TerminalError } from '../../shared/bus/errors.ts';
import { on } from '../../shared/bus/handler.ts';
import { newId } from '../../shared/ids.ts';
import { createLogger } from '../../shared/logger.ts';
import { GenerateAnswer } from '../../shared/messages/answering.ts';
import { type Command, commandId, DEFAULT_POOL } from '../../shared/messages/command.ts';
import { CommandReplayed } from '../../shared/messages/outcome.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { freshVhost } from '../support/broker.ts';
import { eventually } from '../support/eventually.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LETTERS = 200;
const RUN_TIMEOUT_MS = 60_000;
const EXIT_INTERRUPTED = 130;

const command = (n: number): Command => {
  const job = newId('job');
  const type = GenerateAnswer.type;
  return {
    id: commandId(job, type, '0'),
    job,
    type,
    part: '0',
    body: { question: `question ${n}` },
    priority: 'normal',
    pool: DEFAULT_POOL,
    attempt: 1,
    max_attempts: 1,
    replay: 0,
  };
};

/** Lets a worker refuse so many commands for good; each becomes a dead letter. */
async function letDie(bus: Bus, count: number): Promise<Command[]> {
  const commands = Array.from({ length: count }, (_, n) => command(n));
  const refuse = on(GenerateAnswer, () => Promise.reject(new TerminalError('provider_error', 'no such model')));
  const serving = await bus.serve({ service: 'generator', pool: DEFAULT_POOL, concurrency: 50, handlers: [refuse] });
  try {
    await bus.send(commands);
    const died = async () => (await bus.deadLetters.list({}, count)).length === count;
    await eventually(died, { within: RUN_TIMEOUT_MS, what: `${count} dead letters`, every: 300 });
  } finally {
    await serving.close();
  }
  return commands;
}

describe('replay against a broker', function () {
  this.timeout(RUN_TIMEOUT_MS * 2);

  let vhost: Awaited<ReturnType<typeof freshVhost>>;
  let bus: Bus;
  let commands: Command[];
  let reading: Closeable;
  const records: JournalRecord[] = [];
  const running = new Set<ChildProcess>();

  const script = (...args: string[]) => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'infra/scripts/replay.ts'), ...args], {
      cwd: ROOT,
      env: { ...process.env, AMQP_URL: vhost.amqpUrl, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let out = '';
    let err = '';
    child.stdout.on('data', (text) => {
      out += String(text);
    });
    child.stderr.on('data', (text) => {
      err += String(text);
    });
    const ended = once(child, 'close').then(([code]) => {
      running.delete(child);
      return { code: code as number | null, out, err };
    });
    return { child, ended };
  };

  const replayed = () => records.filter(({ event }) => event.type === CommandReplayed.type);
  const replayedJobs = () => new Set(replayed().map(({ job }) => job));
  const replays = (least: number) =>
    eventually(() => replayedJobs().size >= least, { within: RUN_TIMEOUT_MS, what: `${least} replays in the journal` });

  before(async () => {
    vhost = await freshVhost();
    bus = await connectBus({
      url: vhost.amqpUrl,
      instance: 'replay-test',
      partitions: 1,
      log: createLogger('replay-test', 'silent'),
    });
    commands = await letDie(bus, LETTERS);
    reading = await bus.readJournal(0, async (batch) => {
      records.push(...batch);
    });
  });

  after(async () => {
    for (const child of running) child.kill('SIGKILL');
    await reading?.close();
    await bus?.close();
    await vhost?.drop();
  });

  it('lists what died, with its error', async () => {
    const { code, out } = await script('list', '--json', '--error', 'provider_error', '--limit', '500').ended;
    expect(code).to.equal(0);
    const { data } = JSON.parse(out) as { data: { job: string; queue: string }[] };
    expect(data.map(({ job }) => job)).to.have.members(commands.map(({ job }) => job));
    expect(data[0]?.queue).to.equal('generator.default.normal');
  });

  it('only counts on a dry run', async () => {
    const { code, out } = await script('replay', '--dry-run', '--json').ended;
    expect(code).to.equal(0);
    expect(JSON.parse(out)).to.include({ matched: LETTERS, replayed: 0, dry_run: true });
    expect(replayed()).to.deep.equal([]);
  });

  it('does nothing without a terminal and without --yes', async () => {
    const { code, err } = await script('replay').ended;
    expect(code).to.equal(2);
    expect(err).to.contain('--yes');
    expect(replayed()).to.deep.equal([]);
  });

  it('stops between two letters when interrupted, and says what was done', async () => {
    const { child, ended } = script('replay', '--yes', '--json', '--rate', '50');
    await replays(5);
    child.kill('SIGINT');
    const { code, out } = await ended;
    expect(code).to.equal(EXIT_INTERRUPTED);
    const said = JSON.parse(out) as { replayed: number; interrupted: boolean };
    expect(said.interrupted).to.equal(true);
    await replays(said.replayed);
    const left = await bus.deadLetters.list({}, LETTERS + 1);
    expect(replayedJobs().size).to.equal(said.replayed);
    expect(left).to.have.length(LETTERS - said.replayed);
  });

  it('loses nothing and doubles nothing when killed in the middle', async () => {
    const before = replayedJobs().size;
    const { child, ended } = script('replay', '--yes', '--rate', '100');
    await Promise.race([replays(before + 20), ended.then((early) => Promise.reject(new Error(JSON.stringify(early))))]);
    child.kill('SIGKILL');
    await ended;
    const killed = await bus.deadLetters.list({}, LETTERS + 1);
    expect(killed, 'the kill came in the middle').to.not.have.length(0);
    const somewhere = new Set([...replayedJobs(), ...killed.map(({ job }) => job)]);
    expect(somewhere.size).to.equal(LETTERS);

    const { code } = await script('replay', '--yes').ended;
    expect(code).to.equal(0);
    await replays(LETTERS);
    expect([...replayedJobs()]).to.have.members(commands.map(({ job }) => job));
    // A letter that was replayed but not yet acked comes a second time, under the same id: its job hears it once.
    expect(new Set(replayed().map(({ id }) => id)).size).to.equal(LETTERS);
    expect(await bus.deadLetters.list()).to.deep.equal([]);
  });

  it('gives up in words when no broker answers', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'infra/scripts/replay.ts'), 'list'], {
      cwd: ROOT,
      env: { ...process.env, AMQP_URL: '', DATA_DIR: join(ROOT, 'no-such-folder') },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (text) => {
      err += String(text);
    });
    const [code] = await once(child, 'close');
    expect(code).to.equal(2);
    expect(err).to.contain('AMQP_URL');
  });
});
