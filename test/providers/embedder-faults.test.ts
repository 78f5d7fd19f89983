import { expect } from 'chai';
import pino from 'pino';
import { EmbeddingChain, ProfileMismatch } from '../../services/embedder/models/chain.ts';
import type { EmbeddingModel } from '../../services/embedder/models/model.ts';
import type { EmbeddingClient } from '../../services/embedder/models/remote/embedding-client.ts';
import { HuggingFaceEmbedding } from '../../services/embedder/models/remote/huggingface.ts';
import { OllamaEmbedding } from '../../services/embedder/models/remote/ollama.ts';
import { OpenAiEmbedding } from '../../services/embedder/models/remote/openai.ts';
import { RemoteEmbeddingModel } from '../../services/embedder/models/remote/remote-model.ts';
import { AbortedError, OutageError, RetryableError } from '../../shared/bus/errors.ts';
import { type EmbeddingProfile, embeddingProfile } from '../../shared/profiles/embedding-profile.ts';
import { mockProvider } from '../mock-provider/mock.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';
import { rejected } from '../support/rejected.ts';
import {
  expectOutcome,
  idleOf,
  type Outcome,
  outage,
  percentiles,
  retryable,
  terminal,
  WITHIN_MS,
  within,
} from './faults.ts';
import { nobodyThere } from './nobody-there.ts';
import { staysQuiet } from './quiet.ts';

const KEY = 'sk-secret-0123456789';
const TEXTS = ['rabbits dig', 'queues wait', 'rabbits dig'];
const log = pino({ level: 'silent' });

const CLIENTS: Readonly<Record<string, (url: string, model: string) => EmbeddingClient>> = {
  ollama: (url, model) => new OllamaEmbedding(url, model),
  huggingface: (url, model) => new HuggingFaceEmbedding({ token: KEY, endpointUrl: `${url}/m/${model}/embed` }, model),
  openai: (url, model) => new OpenAiEmbedding({ baseUrl: url, apiKey: KEY, model }),
};

/** What has to become of a call to a model with this in its name. */
const FAULTS: Readonly<Record<string, Outcome>> = {
  '429-retry2': outage(/answered 429/, 2_000, 'provider_rate_limited'),
  '429': retryable(/answered 429/, 'provider_rate_limited'),
  '503': outage(/answered 503/, 1_000),
  '502-html': outage(/answered 502/, 1_000),
  '500': retryable(/answered 500/),
  '400': terminal(/answered 400/),
  '401': terminal(/answered 401/),
  '413': terminal(/answered 413/),
  '422': terminal(/answered 422/),
  '404': terminal(/answered 404/, 'model_not_found'),
  hang: retryable(/sent nothing for 200 ms/, 'provider_timeout'),
  hangmid: retryable(/sent nothing for 200 ms/, 'provider_timeout'),
  reset: outage(/: /, 1_000),
  'reset-times1': retryable(/: /),
  'resetmid-times1': retryable(/: /),
  truncated: retryable(/: /),
  malformed: retryable(/: /),
  fewer: retryable(/gave 2 vectors for 3 texts/),
  more: retryable(/gave 4 vectors for 3 texts/),
  baddims: retryable(/gave a vector of 15 dimensions instead of 16/),
  nan: retryable(/./),
  null: retryable(/not one of numbers|malformed response/i),
};

const unknown = (dimensions?: number): EmbeddingProfile => ({ ...embeddingProfile('mock'), dimensions });
const never = new AbortController().signal;
const length = (vector: Float32Array): number => Math.hypot(...vector);

for (const [provider, client] of Object.entries(CLIENTS))
  describe(`embedding with ${provider}`, () => {
    const mock = mockProvider();
    const opened: EmbeddingModel[] = [];
    const open = (name: string, profile = unknown(16), url = mock().url): RemoteEmbeddingModel => {
      const model = new RemoteEmbeddingModel({ client: client(url, name), profile, idleMs: idleOf(name), log });
      opened.push(model);
      return model;
    };
    const embed = (model: EmbeddingModel, signal = never, texts: readonly string[] = TEXTS) =>
      model.embed(texts, { role: 'document', signal });

    staysQuiet();
    afterEach(async () => {
      for (const model of opened.splice(0)) await model.close();
    });

    for (const [fault, outcome] of Object.entries(FAULTS))
      it(`${fault}: ${outcome.kind.name} ${outcome.code ?? ''}`, async () => {
        const error = await within(WITHIN_MS, rejected(embed(open(`mock-d16-${fault}`)), Error));
        expectOutcome(error, outcome);
        expect(error).to.have.property('provider', provider);
        expect(error.message).to.not.contain(KEY);
        await mock().until(({ requests_open }) => requests_open === 0);
      });

    it('gives unit vectors in the order of the texts, and learns their dimensions', async () => {
      const model = open('mock-d16', unknown());
      expect(model.dimensions).to.equal(0);
      const { vectors, tokens, estimated } = await embed(model);
      expect(model.dimensions).to.equal(16);
      expect(vectors).to.have.length(3);
      expect(vectors[0]).to.deep.equal(vectors[2]);
      expect(vectors[0]).to.not.deep.equal(vectors[1]);
      for (const vector of vectors) expect(length(vector)).to.be.closeTo(1, 1e-5);
      expect(tokens).to.be.above(5);
      expect(estimated).to.equal(provider === 'huggingface' ? true : undefined);
    });

    it('slow and cut to pieces: the same vectors', async () => {
      const plain = await embed(open('mock-d16'));
      for (const oddity of ['ttft100', 'split']) {
        const { vectors } = await embed(open(`mock-d16-${oddity}`));
        expect(vectors).to.deep.equal(plain.vectors);
      }
    });

    it('puts before each text what the model wants there, by its role', async () => {
      const model = open('mock-d16', { ...unknown(16), queryPrefix: 'query: ', documentPrefix: 'passage: ' });
      const bare = open('mock-d16');
      const [query] = (await model.embed(['rabbits'], { role: 'query', signal: never })).vectors;
      const [document] = (await model.embed(['rabbits'], { role: 'document', signal: never })).vectors;
      const { vectors } = await embed(bare, never, ['query: rabbits', 'passage: rabbits']);
      expect([query, document]).to.deep.equal(vectors);
    });

    it('asks for fewer texts at a time when the server takes no more, and remembers it', async () => {
      const model = open('mock-d16-maxbatch8');
      const texts = Array.from({ length: 20 }, (_, n) => `text ${n}`);
      expect((await embed(model, never, texts)).vectors).to.deep.equal(
        (await embed(open('mock-d16'), never, texts)).vectors,
      );
      const { requests } = mock().counts();
      await embed(model, never, texts);
      expect(mock().counts().requests - requests).to.be.within(3, 4);
    });

    it('nobody there: an outage', async () => {
      const error = await rejected(embed(open('mock-d16', unknown(16), await nobodyThere())), OutageError);
      expectOutcome(error, outage(/ECONNREFUSED/, 1_000));
    });

    it('a closed request, soon after nobody wants the vectors any more', async function () {
      this.timeout(20_000);
      const model = open('mock-d16-hang');
      const times: number[] = [];
      for (let run = 1; run <= 40; run += 1) {
        const controller = new AbortController();
        const reason = new AbortedError('cancelled');
        const running = rejected(embed(model, controller.signal), AbortedError);
        await mock().until(({ requests_open, texts_received }) => requests_open === 1 && texts_received >= 0);
        const at = performance.timeOrigin + performance.now();
        controller.abort(reason);
        expect(await running).to.equal(reason);
        await mock().until(({ aborted, requests_open }) => aborted === run && requests_open === 0);
        times.push((mock().abortedAt.at(-1) ?? Number.NaN) - at);
      }
      const { p50, p99 } = percentiles(times);
      process.stdout.write(`      ${provider}: closed after p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms\n`);
      expect(p99).to.be.below(250);
    }).retries(MEASURED_AGAIN);

    describe('in a chain', () => {
      it('is stood in for while it is out, and the provider is named', async () => {
        const chain = new EmbeddingChain([open('mock-d16-503'), open('mock-d16')], log);
        const { vectors } = await embed(chain);
        expect(vectors).to.deep.equal((await embed(open('mock-d16'))).vectors);
      });

      it('is out when all are, for as long as the first to come back', async () => {
        const chain = new EmbeddingChain([open('mock-d16-429-retry60'), open('mock-d16-503')], log);
        expect((await rejected(embed(chain), OutageError)).afterMs).to.equal(1_000);
      });

      it('is out as well when who should stand in for it refuses everything', async () => {
        for (const wrong of ['401', '404']) {
          const chain = new EmbeddingChain([open('mock-d16-503'), open(`mock-d16-${wrong}`)], log);
          expect((await rejected(embed(chain), OutageError)).message, wrong).to.contain('503');
        }
      });

      it('hides no other errors', async () => {
        await rejected(embed(new EmbeddingChain([open('mock-d16-500'), open('mock-d16')], log)), RetryableError);
      });

      it('must have one model only', async () => {
        expect(
          () => new EmbeddingChain([open('mock-d16'), open('m', { ...unknown(16), model: 'other' })], log),
        ).to.throw(ProfileMismatch);
        const differs = new EmbeddingChain([open('mock-d16', unknown()), open('mock-d32', unknown(32))], log);
        expect((await rejected(differs.warmUp(), ProfileMismatch)).message)
          .to.contain('16')
          .and.to.contain('32');
      });
    });
  });
