import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { AbortedError, RetryableError, TerminalError } from '../../../shared/bus/errors.ts';
import {
  type Breaker,
  BreakerOpenError,
  type BreakerState,
  createBreaker,
} from '../../../shared/resilience/breaker.ts';
import { rejected } from '../../support/rejected.ts';

const RESET_MS = 150;

describe('a breaker', () => {
  let breaker: Breaker;
  let states: BreakerState[];

  const fail = (error: Error) => breaker.run(() => Promise.reject(error)).catch(() => {});
  const retryable = () => new RetryableError('provider_error', 'no');
  const halfOpen = async () => {
    for (let call = 0; call < 3; call += 1) await fail(retryable());
    await sleep(RESET_MS * 1.5);
    expect(breaker.state()).to.equal('half-open');
  };

  beforeEach(() => {
    states = [];
    breaker = createBreaker({ name: 'x', resetMs: RESET_MS, minimumCalls: 3, onState: (state) => states.push(state) });
  });

  afterEach(() => breaker.close());

  it('passes on what the work gives and throws', async () => {
    expect(await breaker.run(async () => 7)).to.equal(7);
    const error = new TerminalError('provider_error', 'my fault');
    expect(
      await rejected(
        breaker.run(() => Promise.reject(error)),
        TerminalError,
      ),
    ).to.equal(error);
  });

  it('opens when half of the calls fail, and then calls nothing', async () => {
    for (let call = 0; call < 2; call += 1) await breaker.run(async () => {});
    for (let call = 0; call < 2; call += 1) await fail(retryable());
    let called = false;
    const refused = await rejected(
      breaker.run(async () => {
        called = true;
      }),
      BreakerOpenError,
    );
    expect(called).to.equal(false);
    expect(refused.afterMs).to.be.within(1, RESET_MS);
    expect(states).to.deep.equal(['open']);
  });

  it('lets one call try when its time has come, and closes when it succeeds', async () => {
    await halfOpen();
    let release: (() => void) | undefined;
    const trial = breaker.run(() => new Promise<void>((resolve) => (release = resolve)));
    await rejected(
      breaker.run(async () => {}),
      BreakerOpenError,
    );
    release?.();
    await trial;
    expect(states).to.deep.equal(['open', 'half-open', 'closed']);
    await breaker.run(async () => {});
  });

  it('opens again when the trial fails, or is cancelled before it could tell', async () => {
    for (const error of [retryable(), new AbortedError('cancelled')]) {
      await halfOpen();
      await fail(error);
      expect(breaker.state()).to.equal('open');
    }
  });

  it('closes when the trial fails by its own fault: the provider is there', async () => {
    await halfOpen();
    await fail(new TerminalError('validation', 'mine'));
    expect(breaker.state()).to.equal('closed');
  });

  it('opens again soon after many calls were refused', async () => {
    await halfOpen();
    await fail(retryable());
    for (let call = 0; call < 50; call += 1) await fail(retryable());
    await sleep(RESET_MS * 1.5);
    await breaker.run(async () => {});
    for (let call = 0; call < 3; call += 1) await fail(retryable());
    expect(breaker.state()).to.equal('open');
  });
});
