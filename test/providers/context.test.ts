import { expect } from 'chai';
import pino from 'pino';
import { generateAnswer } from '../../services/generator/generate-answer.ts';
import { contextInShow } from '../../services/generator/models/ollama/context-length.ts';
import {
  contextInInfo,
  contextInModels,
  contextInProps,
} from '../../services/generator/models/openai/context-length.ts';
import { ContextSizes, DEFAULT_CONTEXT_TOKENS } from '../../services/generator/models/remote/context-sizes.ts';
import { RemoteModel } from '../../services/generator/models/remote/remote-model.ts';
import { AbortedError } from '../../shared/bus/errors.ts';
import { AnswerGenerated, GenerateAnswer } from '../../shared/messages/answering.ts';
import { mockProvider } from '../mock-provider/mock.ts';
import { passage } from '../services/generator/passages.ts';
import { fakeWork } from '../support/fake-work.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';
import { rejected } from '../support/rejected.ts';
import { silentServer } from '../support/silent-server.ts';
import { CLIENTS } from './chat-clients.ts';
import { nobodyThere } from './nobody-there.ts';

describe('the context of a model', () => {
  it('is read out of what each kind of server says', () => {
    const info = {
      'general.architecture': 'llama',
      'llama.context_length': 131_072,
      'llama.rope.dimension_count': 128,
    };
    expect(contextInShow({ parameters: 'stop "<|eot|>"', model_info: info })).to.equal(131_072);
    expect(
      contextInShow({ parameters: 'temperature 1\nnum_ctx                        4096', model_info: info }),
    ).to.equal(4_096);
    const models = (more: object) => ({ data: [{ id: 'other' }, { id: 'm', ...more }] });
    expect(contextInModels(models({ max_model_len: 40_960 }), 'm')).to.equal(40_960);
    expect(contextInModels(models({ context_length: 32_768 }), 'm')).to.equal(32_768);
    expect(contextInModels(models({ max_model_len: 1 }), 'unknown')).to.equal(undefined);
    expect(contextInModels({ data: [{ id: 'the-only.gguf', meta: { n_ctx: 4_096 } }] }, 'any')).to.equal(4_096);
    expect(contextInProps({ default_generation_settings: { n_ctx: 2_048 } })).to.equal(2_048);
    expect(contextInInfo({ model_id: 'm', max_total_tokens: 6_144 })).to.equal(6_144);
    for (const nonsense of [undefined, null, 7, 'x', [], {}, { data: 1 }, { data: [{ id: 'm', max_model_len: '8k' }] }])
      for (const read of [contextInShow, (body: unknown) => contextInModels(body, 'm'), contextInProps, contextInInfo])
        expect(read(nonsense)).to.equal(undefined);
  });

  it('is asked for once, whoever wants to know it at a time, and again when it was not told', async () => {
    let asked = 0;
    const sizes = new ContextSizes(async (model) => {
      asked += 1;
      if (model === 'silent') throw new Error('no');
      return 5_000;
    });
    expect(await Promise.all([sizes.of('m'), sizes.of('m'), sizes.of('m')])).to.deep.equal([5_000, 5_000, 5_000]);
    expect(asked).to.equal(1);
    expect(await sizes.of('silent')).to.equal(DEFAULT_CONTEXT_TOKENS);
    expect(await sizes.of('silent')).to.equal(DEFAULT_CONTEXT_TOKENS);
    expect(asked).to.equal(2);
  });
});

const sentences = Array.from({ length: 40 }, (_, n) => `Rabbit number ${n} sleeps in a burrow of its own.`).join(' ');
const passages = Array.from({ length: 12 }, (_, n) => passage(`Burrow ${n} is deep. ${sentences}`));
const ASK: GenerateAnswer['body'] = { question: 'How deep is a burrow?', passages, model: 'mock-ctx2048' };

for (const [provider, client] of Object.entries(CLIENTS))
  describe(`a prompt that is too long for a model of ${provider}`, () => {
    const mock = mockProvider();
    const open = (url: string, more = {}) =>
      new RemoteModel({ client: client(url), model: 'mock', idleMs: 5_000, log: pino({ level: 'silent' }), ...more });
    const answer = async (model: RemoteModel, body = ASK) => {
      try {
        const { event } = await generateAnswer([model]).run(body, fakeWork(GenerateAnswer.type).work);
        return AnswerGenerated.parse(event.body).body;
      } finally {
        model.close();
      }
    };

    it('is cut to what the server says that the model reads, and the answer says so', async () => {
      const { text, cut, cited } = await answer(open(mock().url));
      expect(text).to.include('[1]');
      expect(cut?.passages).to.be.above(5);
      for (const n of cited) expect(n).to.be.at.most(passages.length - (cut?.passages ?? 0));
    });

    it('is cut to the setting, where there is one, and nobody is asked', async () => {
      const model = open(mock().url, { contextTokens: 4_000 });
      const { cut } = await answer(model, { ...ASK, model: 'mock' });
      expect(cut?.passages).to.be.within(2, 9);
      expect(mock().counts().requests).to.equal(1);
    });

    it('is none where the context is large enough', async () => {
      expect(
        await answer(open(mock().url, { contextTokens: 100_000 }), { ...ASK, model: 'mock' }),
      ).to.not.have.property('cut');
    });

    it('says when the answer itself was cut', async () => {
      const { cut } = await answer(open(mock().url), {
        question: 'Deep?',
        passages: passages.slice(0, 1),
        max_tokens: 3,
      });
      expect(cut).to.deep.equal({ answer: true });
    });

    it('is cut to a default when the server cannot say it', async () => {
      const model = open(await nobodyThere());
      expect(await model.contextTokens({})).to.equal(DEFAULT_CONTEXT_TOKENS);
      model.close();
    });

    it('is not waited for once the job is cancelled', async () => {
      const silent = await silentServer();
      const model = open(`http://127.0.0.1:${silent.port}`);
      const fake = fakeWork(GenerateAnswer.type);
      const running = rejected(generateAnswer([model]).run(ASK, fake.work), AbortedError);
      const begun = performance.now();
      setImmediate(() => fake.abort(new AbortedError('cancelled')));
      await running;
      expect(performance.now() - begun).to.be.below(1_000);
      model.close();
      await silent.stop();
    }).retries(MEASURED_AGAIN);
  });
