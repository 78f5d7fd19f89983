import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import pino from 'pino';
import { chooseEmbeddingModel } from '../../../services/embedder/models/choose.ts';
import { LocalModel } from '../../../services/embedder/models/local/local-model.ts';
import { modelFile } from '../../../services/embedder/models/local/model-file.ts';
import { ownDefinition } from '../../../services/embedder/models/local/tokenizer.ts';
import { ConfigError, parseConfig } from '../../../shared/config/config.ts';
import { embeddingProfile } from '../../../shared/profiles/embedding-profile.ts';

const TEXTS = ['Rabbits dig warrens.', 'A queue holds messages.', '[SEP] [CLS]'];
const never = new AbortController().signal;

describe('LOCAL_MODEL_DIR', () => {
  let dataDir: string;
  let folder: string;
  let own: LocalModel;
  const opened: { close(): Promise<void> }[] = [];

  const write = (name: string, value: unknown) => writeFile(join(folder, name), JSON.stringify(value));
  const choose = (model = 'bert-of-mine') =>
    chooseEmbeddingModel(
      parseConfig('embedder', {
        AMQP_URL: 'amqp://x',
        DATA_DIR: dataDir,
        LOCAL_MODEL_DIR: folder,
        EMBEDDING_MODEL: model,
      }),
      pino({ level: 'silent' }),
    );
  const embed = async (model = choose(), texts = TEXTS) => {
    opened.push(model);
    return (await model.embed(texts, { role: 'query', signal: never })).vectors;
  };

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'warren-model-'));
    folder = join(dataDir, 'mine');
    await mkdir(join(folder, '1_Pooling'), { recursive: true });
    await copyFile(String(await modelFile(dataDir)), join(folder, 'model.onnx'));
    const added = [
      { id: 102, content: '[SEP]', special: true, single_word: false, lstrip: false, rstrip: false, normalized: false },
    ];
    await write('tokenizer.json', { ...(await ownDefinition()), added_tokens: added });
    await write('tokenizer_config.json', { model_max_length: 256 });
    own = new LocalModel(dataDir);
    opened.push(own);
  });

  afterEach(() => rm(join(folder, '1_Pooling/config.json'), { force: true }));
  after(async () => {
    await Promise.all(opened.map((model) => model.close()));
    await rm(dataDir, { recursive: true });
  });

  it('runs the model of a folder, under the name that the settings give it', async () => {
    const model = choose();
    expect(model.name).to.equal('bert-of-mine');
    const { vectors } = await own.embed(TEXTS, { role: 'query', signal: never });
    expect(await embed(model)).to.deep.equal(vectors);
    expect(model.dimensions).to.equal(384);
  });

  it('pools as its folder says', async () => {
    const mean = await embed();
    const seen = new Set([String(mean[0])]);
    for (const mode of ['cls_token', 'max_tokens', 'lasttoken']) {
      await write('1_Pooling/config.json', { [`pooling_mode_${mode}`]: true, pooling_mode_mean_tokens: false });
      const [vector] = await embed();
      expect(Math.hypot(...(vector ?? []))).to.be.closeTo(1, 1e-5);
      seen.add(String(vector));
    }
    expect(seen.size).to.equal(4);
  });

  it('puts before a text what the profile of the name says', async () => {
    const { queryPrefix } = embeddingProfile('bge-small-en-v1.5');
    const { vectors } = await own.embed([queryPrefix + TEXTS[0]], { role: 'query', signal: never });
    expect(await embed(choose('BAAI/bge-small-en-v1.5'), [TEXTS[0] ?? ''])).to.deep.equal(vectors);
  });

  it('reads as much of a text as the model does', async () => {
    await write('sentence_bert_config.json', { max_seq_length: 16 });
    try {
      const [short, long] = await embed(choose(), ['word '.repeat(14), 'word '.repeat(3000)]);
      expect(short).to.deep.equal(long);
    } finally {
      await rm(join(folder, 'sentence_bert_config.json'));
    }
  });

  it('says what a folder lacks', () => {
    const settings = { AMQP_URL: 'amqp://x', LOCAL_MODEL_DIR: dataDir, EMBEDDING_MODEL: 'x' };
    expect(() => chooseEmbeddingModel(parseConfig('embedder', settings), pino({ level: 'silent' }))).to.throw(
      ConfigError,
      /LOCAL_MODEL_DIR: .* lacks model\.onnx or onnx\/model\.onnx and tokenizer\.json/,
    );
  });
});
