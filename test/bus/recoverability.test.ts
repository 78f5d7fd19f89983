import { expect } from 'chai';
import fc from 'fast-check';
import { OutageError, RetryableError, TerminalError } from '../../shared/bus/errors.ts';
import { recoverability } from '../../shared/bus/recoverability.ts';
import { RUNGS_S, rungFor } from '../../shared/bus/retry-ladder.ts';

const NO_JITTER = 0.99;

describe('recoverability', () => {
  it('buries a terminal error at once, with its own code and message', () => {
    const recovery = recoverability(
      new TerminalError('model_not_found', 'no such model', { provider: 'ollama' }),
      1,
      3,
    );
    expect(recovery).to.deep.equal({
      kind: 'dead',
      error: { code: 'model_not_found', message: 'no such model', retryable: false, attempts: 1, provider: 'ollama' },
    });
  });

  it('tries an unknown error again, up the ladder', () => {
    const delays = [1, 2, 3, 4, 5, 6].map((attempt) => {
      const recovery = recoverability(new Error('odd'), attempt, 10, NO_JITTER);
      return recovery.kind === 'retry' ? recovery.delayS : recovery.kind;
    });
    expect(delays).to.deep.equal([1, 5, 15, 60, 300, 300]);
  });

  it('ends an unknown error as attempts_exhausted, and keeps its message', () => {
    const recovery = recoverability(new Error('odd'), 3, 3);
    expect(recovery).to.deep.include({ kind: 'dead' });
    expect(recovery.error).to.include({ code: 'attempts_exhausted', message: 'odd', retryable: true, attempts: 3 });
  });

  it('ends a named error under its own code', () => {
    expect(recoverability(new RetryableError('provider_timeout', 'slow'), 3, 3).error.code).to.equal(
      'provider_timeout',
    );
  });

  it('waits as long as a provider asks, even beyond the last rung', () => {
    const wait = (afterMs: number) =>
      recoverability(new RetryableError('provider_error', 'easy', { afterMs }), 1, 3, NO_JITTER);
    expect(wait(20_000)).to.include({ delayS: 60 });
    expect(wait(3_600_000)).to.include({ delayS: 300, notBeforeMs: 3_600_000 });
  });

  it('pauses for an outage, at whatever attempt', () => {
    expect(recoverability(new OutageError('ollama', 'down', 5000), 99, 3)).to.include({ kind: 'pause', afterMs: 5000 });
  });

  it('pauses for a provider that has had too much, as long as it asks', () => {
    const limited = (afterMs?: number) =>
      recoverability(
        new RetryableError('provider_rate_limited', 'easy', afterMs === undefined ? {} : { afterMs }),
        99,
        3,
      );
    expect(limited(7000)).to.include({ kind: 'pause', afterMs: 7000 });
    expect(limited()).to.include({ kind: 'pause', afterMs: 5000 });
    expect(limited().error).to.include({ code: 'provider_rate_limited', retryable: true });
  });

  it('takes anything that is thrown', () => {
    fc.assert(
      fc.property(fc.anything(), fc.integer({ min: 1, max: 20 }), (thrown, attempt) => {
        expect(recoverability(thrown, attempt, 10).kind).to.equal(attempt < 10 ? 'retry' : 'dead');
      }),
    );
  });

  it('never picks a rung shorter than asked, if one is long enough', () => {
    const attempts = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(
        attempts,
        fc.nat(400_000),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, afterMs, random) => {
          const rung = rungFor(attempt, afterMs, random);
          expect(RUNGS_S).to.include(rung);
          expect(rung * 1000).to.be.at.least(Math.min(afterMs, 300_000));
        },
      ),
    );
  });
});
