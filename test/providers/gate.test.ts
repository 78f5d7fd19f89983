import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pino from 'pino';
import { AbortedError, OutageError, RetryableError, TerminalError } from '../../shared/bus/errors.ts';
import { metrics } from '../../shared/metrics/metrics.ts';
import { createBreaker } from '../../shared/resilience/breaker.ts';
import { createGate, type Gate } from '../../shared/resilience/gate.ts';
import { createGates } from '../../shared/resilience/gates.ts';
import { rejected } from '../support/rejected.ts';

const RESET_MS = 150;
const never = new AbortController().signal;
const failing = () => Promise.reject(new RetryableError('provider_error', 'no'));
const lost = () => {
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  return Promise.reject(new RetryableError('provider_error', 'lost', { cause }));
};

describe('a gate', () => {
  let gate: Gate;
  let probes: number;
  let probe: () => Promise<void>;

  beforeEach(() => {
    probes = 0;
    probe = async () => {};
    gate = createGate({
      provider: 'p',
      breaker: createBreaker({ name: 'p/m', resetMs: RESET_MS, minimumCalls: 2 }),
      probe: () => {
        probes += 1;
        return probe();
      },
    });
  });
  afterEach(() => gate.close());

  const open = async () => {
    for (let call = 0; call < 2; call += 1) await gate.run(failing, never).catch(() => {});
    expect(gate.state()).to.equal('open');
  };
  const halfOpen = async () => {
    await open();
    await sleep(RESET_MS * 1.5);
    expect(gate.state()).to.equal('half-open');
  };

  it('turns the failure that opens its breaker into an outage, and spends no attempt on it', async () => {
    await rejected(gate.run(failing, never), RetryableError);
    const outage = await rejected(gate.run(failing, never), OutageError);
    expect(outage.afterMs).to.be.within(1, 1_000);
  });

  it('asks with one probe when half-open, and lets work through when that succeeds', async () => {
    await halfOpen();
    let release: (() => void) | undefined;
    probe = () => new Promise((resolve) => (release = resolve));
    const first = gate.run(async () => 'done', never);
    const others = await Promise.all(
      [1, 2, 3].map(() =>
        rejected(
          gate.run(async () => 'done', never),
          OutageError,
        ),
      ),
    );
    for (const { afterMs } of others) expect(afterMs).to.equal(1_000);
    release?.();
    expect(await first).to.equal('done');
    expect(probes).to.equal(1);
    expect(gate.state()).to.equal('closed');
  });

  it('never runs work whose trial failed', async () => {
    await halfOpen();
    probe = failing;
    let ran = false;
    const run = gate.run(async () => {
      ran = true;
    }, never);
    await rejected(run, OutageError);
    expect(ran).to.equal(false);
    expect(gate.state()).to.equal('open');
  });

  it('lets the work find out what a refused probe means', async () => {
    await halfOpen();
    probe = () => Promise.reject(new TerminalError('provider_error', 'too short'));
    expect(await gate.run(async () => 'done', never)).to.equal('done');
  });

  it('a job that is cancelled does not wait for the trial, which goes on', async () => {
    await halfOpen();
    let release: (() => void) | undefined;
    probe = () => new Promise((resolve) => (release = resolve));
    const controller = new AbortController();
    const waiting = rejected(
      gate.run(async () => 'done', controller.signal),
      AbortedError,
    );
    controller.abort(new AbortedError('cancelled'));
    await waiting;
    release?.();
    await sleep(0);
    expect(gate.state()).to.equal('closed');
  });

  it('asks whether the provider is there when a connection is lost, once for all who wonder', async () => {
    await rejected(gate.run(lost, never), RetryableError);
    expect(probes).to.equal(1);
    probe = async () => {
      await sleep(5);
      await failing();
    };
    gate.close();
    gate = createGate({
      provider: 'p',
      breaker: createBreaker({ name: 'p/m', minimumCalls: 100 }),
      probe: () => {
        probes += 1;
        return probe();
      },
    });
    await Promise.all([1, 2, 3].map(() => rejected(gate.run(lost, never), OutageError)));
    expect(probes).to.equal(2);
  });

  it('keeps few models in mind, and shows their states as metrics', async () => {
    const gates = createGates({ provider: 'few', log: pino({ level: 'silent' }), probe: async () => {} });
    try {
      for (let model = 0; model < 100; model += 1) gates.of(`m${model}`);
      expect(Object.keys(gates.states())).to.have.length(64).and.to.include('few/m99').and.not.include('few/m0');
      const { values } = await metrics.breakerState.get();
      const own = values.filter(({ labels }) => String(labels.breaker).startsWith('few/'));
      expect(own).to.have.length(64);
      for (const { value } of own) expect(value).to.equal(0);
    } finally {
      gates.close();
    }
    const { values } = await metrics.breakerState.get();
    expect(values.filter(({ labels }) => String(labels.breaker).startsWith('few/'))).to.have.length(0);
  });
});
