import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { isRunning } from '../../infra/start/broker/broker-process.ts';
import { afterRun, NO_FAILURES } from '../../infra/start/supervisor/backoff.ts';
import { lastWords } from '../../infra/start/supervisor/child-log.ts';
import {
  type ChildState,
  type SupervisedChild,
  superviseChild,
} from '../../infra/start/supervisor/supervised-child.ts';
import { removeScratch, scratch } from './scratch.ts';

const READY = `process.send({ type: 'ready', url: 'http://here', healthUrl: 'http://health' });`;
const STAY = `process.on('disconnect', () => process.exit(0)); setInterval(() => {}, 1000);`;

describe('backoff', () => {
  it('doubles from 100 ms to 5 s while runs end early', () => {
    const delays: number[] = [];
    let backoff = NO_FAILURES;
    for (let run = 0; run < 8; run++) {
      const { delayMs, next } = afterRun(backoff, 10);
      delays.push(delayMs);
      backoff = next;
    }
    expect(delays).to.deep.equal([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  it('begins anew after a run of 30 s', () => {
    expect(afterRun({ failures: 6 }, 29_999).delayMs).to.equal(5000);
    expect(afterRun({ failures: 6 }, 30_000)).to.deep.equal({ delayMs: 100, next: { failures: 1 } });
  });
});

describe('last words of a child', () => {
  const words = (...lines: string[]): string => {
    const file = join(scratch(), 'child.log');
    writeFileSync(file, `${lines.join('\n')}\n`);
    return lastWords(file);
  };
  after(removeScratch);

  it('are its last error line', () => {
    const log = [
      '{"level":50,"msg":"first"}',
      '{"level":60,"msg":"could not start","err":{"message":"no such host"}}',
      '{"level":30,"msg":"stopped"}',
    ];
    expect(words(...log)).to.equal('could not start: no such host');
  });

  it('are what it printed when it never came to log', () => {
    expect(words('{"level":30,"msg":"hello"}', 'Error: Cannot find module', '    at x')).to.equal(
      'Error: Cannot find module | at x',
    );
  });
});

describe('a supervised child', function () {
  this.timeout(30_000);
  const children: SupervisedChild[] = [];

  afterEach(() => {
    for (const child of children.splice(0)) child.abandon();
  });
  after(removeScratch);

  /** Supervises a program given as text; every state it was in, and every line it caused, are kept. */
  function supervise(text: string) {
    const folder = scratch();
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'program.cjs');
    writeFileSync(file, text);
    const states: ChildState[] = [];
    const lines: string[] = [];
    const logFile = join(folder, 'logs', 'program.log');
    const child = superviseChild(
      { name: 'program', args: [file, folder], env: process.env, logFile },
      { onChange: (state) => states.push(state), tell: (line) => lines.push(line) },
    );
    children.push(child);
    return { child, states, lines, logFile, folder };
  }

  const pidOf = ({ child }: { child: SupervisedChild }): number => {
    const state = child.state();
    return 'pid' in state && state.pid !== undefined ? state.pid : expect.fail(`it is ${state.is}`);
  };

  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it('says where it is once it is ready, and logs to its own file', async () => {
    const { child, logFile } = supervise(`console.log('hello'); ${READY} ${STAY}`);
    expect(await child.untilReady(10_000)).to.deep.equal({ url: 'http://here', healthUrl: 'http://health' });
    expect(readFileSync(logFile, 'utf8')).to.equal('hello\n');
  });

  it('is started again when it is killed', async () => {
    const run = supervise(`${READY} ${STAY}`);
    await run.child.untilReady(10_000);
    const first = pidOf(run);
    process.kill(first, 'SIGKILL');
    await until(() => run.child.state().is === 'waiting');
    await run.child.untilReady(10_000);
    expect(pidOf(run)).to.not.equal(first);
    expect(run.states.map(({ is }) => is)).to.deep.equal(['starting', 'ready', 'waiting', 'starting', 'ready']);
    expect(run.lines).to.have.lengthOf(1);
    expect(run.lines[0]).to.contain('signal SIGKILL');
  });

  it('waits longer and longer while it cannot start, and tells why', async () => {
    const { states, lines } = supervise(`console.error('no luck'); process.exit(1);`);
    await until(() => lines.length === 3);
    const delays = states.flatMap((state) => (state.is === 'waiting' ? [state.delayMs] : []));
    expect(delays).to.deep.equal([100, 200, 400]);
    expect(lines[0]).to.contain('exit code 1').and.to.contain('no luck');
  });

  it('is not started again when its settings are wrong', async () => {
    const { child, states } = supervise(`console.error('AMQP_URL: is not set'); process.exit(2);`);
    const failure = await child.untilReady(10_000).then(
      () => expect.fail('it became ready'),
      (error: Error) => error,
    );
    expect(failure.message).to.contain('AMQP_URL: is not set');
    expect(states.at(-1)).to.include({ is: 'stopped' });
  });

  it('drains before it stops, and stays down', async () => {
    const run = supervise(
      `process.on('SIGTERM', () => { require('fs').writeFileSync(process.argv[2] + '/drained', 'yes'); process.exit(0); }); ${STAY} ${READY}`,
    );
    await run.child.untilReady(10_000);
    const pid = pidOf(run);
    await Promise.all([run.child.stop(10_000), run.child.stop(10_000)]);
    expect(readFileSync(join(run.folder, 'drained'), 'utf8')).to.equal('yes');
    expect(isRunning(pid)).to.equal(false);
    expect(run.child.state().is).to.equal('stopped');
  });

  it('is killed when it drains for too long', async () => {
    const run = supervise(`process.on('SIGTERM', () => {}); ${STAY} ${READY}`);
    await run.child.untilReady(10_000);
    const pid = pidOf(run);
    await run.child.stop(200);
    expect(isRunning(pid)).to.equal(false);
    expect(run.lines.join()).to.contain('did not drain');
  });

  it('can be stopped while it waits for its next start', async () => {
    const { child } = supervise('process.exit(1);');
    await until(() => child.state().is === 'waiting');
    await child.stop(10_000);
    expect(child.state().is).to.equal('stopped');
  });

  it('gives up waiting for readiness in time', async () => {
    const { child } = supervise(STAY);
    const failure = await child.untilReady(300).then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(failure).to.contain('was not ready within 0.3 s');
  });
});
