import { expect } from 'chai';

/** The error that a promise is expected to reject with. @throws {AssertionError} when it is of another kind, or none */
export async function rejected<E extends Error>(
  promise: Promise<unknown>,
  kind: abstract new (...args: never[]) => E,
): Promise<E> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome)) expect.fail(`expected ${kind.name}, got ${JSON.stringify(outcome.value)}`);
  expect(outcome.error).to.be.instanceOf(kind);
  return outcome.error as E;
}
