import { ANN, BOB, client, type Fixture, type Options, ROOT, START_TIMEOUT_MS, startFixture } from './fixture.ts';

interface SuiteFixture extends Pick<Fixture, 'url' | 'bus' | 'database' | 'stage' | 'another'> {
  readonly ann: ReturnType<typeof client>;
  readonly bob: ReturnType<typeof client>;
  readonly root: ReturnType<typeof client>;
  /** Has no key. */
  readonly nobody: ReturnType<typeof client>;
}

/** Gives a suite a gateway of its own and clients of it; what they lead to is there while its tests run. */
export function suiteFixture(options: Options = {}): SuiteFixture {
  let started: Fixture | undefined;
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    started = await startFixture(options);
  });
  after(() => started?.stop());
  const there = (): Fixture => {
    if (started === undefined) throw new Error('no gateway yet');
    return started;
  };
  const url = () => there().url;
  return {
    get url() {
      return url();
    },
    get bus() {
      return there().bus;
    },
    get database() {
      return there().database;
    },
    get stage() {
      return there().stage;
    },
    another: (more) => there().another(more),
    ann: client(url, ANN),
    bob: client(url, BOB),
    root: client(url, ROOT),
    nobody: client(url, ''),
  };
}
