import { ANN, GENERATE } from './fixture.ts';
import { type Client, openSocket, terminateSockets } from './socket-client.ts';
import { suiteFixture } from './suite-fixture.ts';

/** Soon reached. */
export const LIMITS = {
  sendBufferBytes: 64 * 1024,
  stallMs: 400,
  netMs: 300,
  subscriptionsPerSocket: 8,
  socketsPerKey: 4,
};

/** Gives a suite a gateway and sockets to it, which are gone after each test. */
export function socketSuite() {
  const fixture = suiteFixture({ limits: LIMITS });
  afterEach(terminateSockets);
  const socket = (key = ANN) => openSocket(fixture.url, { authorization: `Bearer ${key}` });
  const submit = async (to: Client, wish: unknown = GENERATE, id = '1'): Promise<string> => {
    to.send({ type: 'submit', id, job: wish });
    const { job } = await to.next('accepted');
    await fixture.stage.job(job.id);
    return job.id;
  };
  return { fixture, ann: fixture.ann, socket, submit };
}
