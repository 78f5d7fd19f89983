import { expect } from 'chai';
import pino from 'pino';
import { OllamaEmbedding } from '../../services/embedder/models/remote/ollama.ts';
import { RemoteEmbeddingModel } from '../../services/embedder/models/remote/remote-model.ts';
import { RemoteModel } from '../../services/generator/models/remote/remote-model.ts';
import { AbortedError } from '../../shared/bus/errors.ts';
import { ConfigError, parseConfig } from '../../shared/config/config.ts';
import { embeddingProfile } from '../../shared/profiles/embedding-profile.ts';
import { mockProvider } from '../mock-provider/mock.ts';
import { rejected } from '../support/rejected.ts';
import { CLIENTS, WORDS, write } from './chat-clients.ts';

const WITHIN_MS = 5_000;
const IDLE_MS = 60_000;
const log = pino({ level: 'silent' });

describe('the bound of a provider', () => {
  const mock = mockProvider();

  describe('on texts written at once', () => {
    let model: RemoteModel;
    beforeEach(() => {
      const client = CLIENTS.ollama?.(mock().url);
      if (client === undefined) throw new Error('no client');
      model = new RemoteModel({ client, model: 'mock', idleMs: IDLE_MS, calls: 1, log });
    });
    afterEach(() => model.close());

    it('lets the next begin when one has ended, well or not', async () => {
      const order: string[] = [];
      const first = write(model, `mock-len${WORDS}-itl10`).then(() => order.push('first'));
      const broken = rejected(write(model, 'mock-500'), Error).then(() => order.push('broken'));
      const last = write(model, `mock-len${WORDS}`).then(() => order.push('last'));
      await mock().until(({ tokens_sent }) => tokens_sent > 1, WITHIN_MS);
      expect(mock().counts().requests, 'while the first is written').to.equal(1);
      await Promise.all([first, broken, last]);
      expect(order).to.deep.equal(['first', 'broken', 'last']);
    });

    it('keeps nobody who is not wanted any more, and nothing is asked for him', async () => {
      const reason = new AbortedError('cancelled');
      const [holding, waiting] = [new AbortController(), new AbortController()];
      const first = rejected(write(model, 'mock-hang', holding.signal), AbortedError);
      const second = rejected(write(model, 'mock', waiting.signal), AbortedError);
      await mock().until(({ requests_open }) => requests_open === 1, WITHIN_MS);
      waiting.abort(reason);
      expect(await second).to.equal(reason);
      holding.abort(reason);
      await first;
      expect((await write(model, `mock-len${WORDS}`)).finish?.finish_reason).to.equal('stop');
      expect(mock().counts().requests).to.equal(2);
    });
  });

  it('on embedding calls at once', async () => {
    const client = new OllamaEmbedding(mock().url, 'mock-d16-ttft100');
    const profile = { ...embeddingProfile('mock'), dimensions: 16 };
    const model = new RemoteEmbeddingModel({ client, profile, idleMs: IDLE_MS, calls: 2, log });
    let most = 0;
    const watching = mock().until((counts) => {
      most = Math.max(most, counts.requests_open);
      return counts.texts_embedded === 6;
    }, WITHIN_MS);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 6 }, (_, text) => model.embed([`${text}`], { role: 'document', signal })));
    await watching;
    expect(most).to.equal(2);
    await model.close();
  });

  it('makes no query wait behind more than one call of documents, nor documents for ever behind queries', async () => {
    const client = new OllamaEmbedding(mock().url, 'mock-d16-ttft20');
    const profile = { ...embeddingProfile('mock'), dimensions: 16 };
    const model = new RemoteEmbeddingModel({ client, profile, idleMs: IDLE_MS, calls: 1, log });
    const order: string[] = [];
    const { signal } = new AbortController();
    const asks = (role: 'document' | 'query') => async (_: unknown, at: number) => {
      await model.embed([`${role} ${at}`], { role, signal });
      order.push(`${role} ${at}`);
    };
    const documents = Array.from({ length: 4 }, asks('document'));
    await Promise.all([...documents, ...Array.from({ length: 3 }, asks('query'))]);
    const expected = ['document 0', 'query 0', 'document 1', 'query 1', 'document 2', 'query 2', 'document 3'];
    expect(order).to.deep.equal(expected);
    await model.close();
  });

  it('is read from the settings', () => {
    const read = (value: string) =>
      parseConfig('generator', { AMQP_URL: 'amqp://x', GENERATE_CONCURRENCY: value }).generateConcurrency;
    expect(read('')).to.deep.equal({ all: 8, of: {} });
    expect(read('3')).to.deep.equal({ all: 3, of: {} });
    expect(read('16, ollama=1, huggingface=4')).to.deep.equal({ all: 16, of: { ollama: 1, huggingface: 4 } });
    for (const wrong of ['0', 'x', 'ollama=1', '8,bing=1', '8,ollama', '8,ollama=0', '8,ollama=1=2', '1001', '8,'])
      expect(() => read(wrong), wrong).to.throw(ConfigError, /GENERATE_CONCURRENCY: must be a number from 1 to 1000/);
  });
});
