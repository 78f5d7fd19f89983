import { expect } from 'chai';
import pino from 'pino';
import { OllamaChat } from '../../services/generator/models/ollama/ollama.ts';
import { RemoteModel } from '../../services/generator/models/remote/remote-model.ts';
import { warmUpChain } from '../../shared/resilience/warm-up.ts';
import { mockProvider } from '../mock-provider/mock.ts';
import { rejected } from '../support/rejected.ts';
import { IDLE_MS, within } from './faults.ts';
import { nobodyThere } from './nobody-there.ts';
import { staysQuiet } from './quiet.ts';

const log = pino({ level: 'silent' });
const AGAIN_MS = 30;

describe('warm-up', () => {
  const mock = mockProvider();
  const opened: RemoteModel[] = [];
  const open = (model: string, host = mock().url): RemoteModel => {
    const made = new RemoteModel({ client: new OllamaChat(host), model, idleMs: IDLE_MS, log });
    opened.push(made);
    return made;
  };
  const warmUp = (...chain: RemoteModel[]) => warmUpChain(chain, log, { againMs: AGAIN_MS });

  staysQuiet();
  afterEach(() => {
    for (const model of opened.splice(0)) model.close();
  });

  it('has the first provider answer once, by its smallest request', async () => {
    await warmUp(open('mock'));
    expect(mock().counts()).to.deep.include({ requests: 1, tokens_sent: 0, answers_by_status: { 200: 1 } });
  });

  it('waits while the model is loaded', async () => {
    mock().faults.add({ fault: { delay_ms: IDLE_MS / 2 } });
    const begun = performance.now();
    await warmUp(open('mock'));
    expect(performance.now() - begun).to.be.above(IDLE_MS / 2 - 5);
  });

  for (const fault of ['503', 'hang', '500', '429-retry60'])
    it(`does not wait for a provider that is out (${fault})`, async () => {
      await within(5 * IDLE_MS, warmUp(open(`mock-${fault}`)));
      expect(mock().counts().requests).to.equal(1);
    });

  it('does not wait where nobody is', async () => {
    await within(2_000, warmUp(open('mock', await nobodyThere())));
  });

  it('keeps asking one that refuses until it answers', async () => {
    mock().faults.add({ fault: { status: 404 }, times: 2 });
    mock().faults.add({ match: { path: '/api/chat' }, fault: { status: 401 }, times: 1 });
    await warmUp(open('mock'));
    expect(mock().counts().answers_by_status).to.deep.equal({ 200: 1, 401: 1, 404: 1 });
  });

  it('waits for no fallback', async () => {
    await within(2_000, warmUp(open('mock'), open('mock-404'), open('mock-hang')));
  });

  it('fails when the model itself cannot be loaded', async () => {
    const broken = { provider: 'local', warmUp: () => Promise.reject(new Error('no such file')) };
    expect((await rejected(warmUpChain([broken], log), Error)).message).to.equal('no such file');
  });
});
