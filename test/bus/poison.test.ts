import { type ChildProcess, fork } from 'node:child_process';
import { expect } from 'chai';
import { Solitude } from '../../shared/bus/solitude.ts';
import { suspicionOf } from '../../shared/bus/suspicion.ts';
import { eventually } from '../support/eventually.ts';
import { bench, embed, gate, hear } from './bench.ts';

const WORKER = new URL('./poisoned-worker.ts', import.meta.url).pathname;

/** Each way in which a worker gets its commands, see `openLanes`. */
const WAYS = [
  { name: 'fetched', concurrency: 4 },
  { name: 'pushed', concurrency: 12 },
] as const;

describe('a poison message', function () {
  this.timeout(240_000);
  const here = bench();

  for (const { name, concurrency } of WAYS) {
    it(`becomes a dead letter, and nothing that ran beside it in its worker (${name} lanes)`, async () => {
      const bus = await here.connect();
      const heard = here.use(await hear(bus));
      const pool = `poison-${name}`;
      const crowd = Array.from({ length: 30 }, (_, n) => embed({ pool, part: String(n), texts: ['150'] }));
      const poison = embed({ pool, part: 'poison', texts: ['poison'] });
      await bus.send([...crowd.slice(0, 3), poison, ...crowd.slice(3)]);
      const worker = here.use(keepAlive([here.vhost.amqpUrl, pool, String(concurrency)]));
      const letters = () => bus.deadLetters.list({ queue: `embedder.${pool}.normal` });
      await heard.until('every other command', () => crowd.every(({ job }) => heard.types(job).length > 0), 90_000);
      await eventually(async () => (await letters()).length > 0, {
        within: 90_000,
        what: 'the dead letter',
        every: 200,
      });
      expect((await letters()).map(({ job, error }) => ({ job, code: error.code }))).to.deep.equal([
        { job: poison.job, code: 'poison_message' },
      ]);
      // Ten of one message; where its worker dies between putting it back and the ack, there are two for a while.
      expect(worker.deaths()).to.be.at.most(20);
    });
  }

  it('is told from bad luck by its count', () => {
    expect(suspicionOf({ total: 2, lately: 2 }), 'may be chance').to.equal('none');
    expect(suspicionOf({ total: 3, lately: 3 }), 'others come first').to.equal('back');
    expect(suspicionOf({ total: 3, lately: 0 }), 'was put to the back').to.equal('alone');
    expect(suspicionOf({ total: 4, lately: 1 }), 'went down alone').to.equal('back');
    expect(suspicionOf({ total: 10, lately: 1 })).to.equal('poison');
  });
});

describe('solitude', () => {
  const ports = (idle: Promise<void>) => {
    const pauses: number[] = [];
    return { pauses, idle: () => idle, pauseLanes: (ms: number) => pauses.push(ms) };
  };

  it('waits for those under way to end, and lets nobody begin meanwhile', async () => {
    const others = gate();
    const work = gate();
    const solitude = new Solitude(ports(others.opened));
    let begun = false;
    const running = solitude.run(async () => {
      begun = true;
      await work.opened;
    });
    expect(solitude.taken).to.equal(true);
    expect(begun).to.equal(false);
    others.open();
    await eventually(() => begun, { within: 2_000, what: 'the work to begin', every: 5 });
    expect(solitude.taken).to.equal(true);
    work.open();
    await running;
    expect(solitude.taken).to.equal(false);
  });

  it('is given up on by either side after a while', async () => {
    const never = gate();
    const { pauses, ...rest } = ports(never.opened);
    const solitude = new Solitude(rest, { othersMs: 20, aloneMs: 20 });
    const running = solitude.run(() => never.opened);
    await eventually(() => !solitude.taken, { within: 2_000, what: 'others to be let in', every: 5 });
    expect(pauses.at(-1), 'the lanes pause for as long as it may be alone').to.equal(20);
    never.open();
    await running;
  });

  it('ends also when the work fails', async () => {
    const solitude = new Solitude(ports(Promise.resolve()));
    const failing = solitude.run(() => Promise.reject(new Error('no')));
    expect(await failing.catch(({ message }: Error) => message)).to.equal('no');
    expect(solitude.taken).to.equal(false);
  });
});

/** Starts the worker again whenever it has died, as a supervisor does. */
function keepAlive(args: readonly string[]) {
  let deaths = 0;
  let closing = false;
  let child: ChildProcess | undefined;
  const start = () => {
    child = fork(WORKER, args, { execArgv: ['--import', 'tsx'] });
    child.once('exit', () => {
      if (closing) return;
      deaths += 1;
      start();
    });
  };
  start();
  return {
    deaths: () => deaths,
    close: async () => {
      closing = true;
      child?.kill('SIGKILL');
    },
  };
}
