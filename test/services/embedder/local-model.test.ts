import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalModel } from '../../../services/embedder/models/local/local-model.ts';
import { convertModel, modelFile, modelPath } from '../../../services/embedder/models/local/model-file.ts';
import { loadTokenizer } from '../../../services/embedder/models/local/tokenizer.ts';
import { checkWeights } from '../../../services/embedder/models/local/weights.ts';
import { AbortedError } from '../../../shared/bus/errors.ts';
import { MEASURED_AGAIN } from '../../support/measured.ts';
import { rejected } from '../../support/rejected.ts';

const never = new AbortController().signal;
const LAG_MS = 50;
const TICK_MS = 2;

const cosine = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

/**
 * Share of the time that the event loop spent in delays longer than LAG_MS while the work went on. Model calls on this
 * loop would make it nearly 1; on a busy machine the scheduler alone makes it a little more than 0.
 */
async function laggingDuring(work: Promise<unknown>): Promise<number> {
  const begun = performance.now();
  let lost = 0;
  let last = begun;
  const timer = setInterval(() => {
    const lag = performance.now() - last - TICK_MS;
    if (lag > LAG_MS) lost += lag;
    last = performance.now();
  }, TICK_MS);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  return lost / (performance.now() - begun);
}

describe('the local model', () => {
  let dataDir: string;
  let model: LocalModel;
  const embed = async (texts: string[], role: 'query' | 'document' = 'document') =>
    (await model.embed(texts, { role, signal: never })).vectors as [Float32Array, ...Float32Array[]];

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'warren-model-'));
    model = new LocalModel(dataDir);
    await model.warmUp();
  });

  after(async () => {
    await model.close();
    await rm(dataDir, { recursive: true });
  });

  it('places texts by their meaning, as the original does', async () => {
    const [person, ...others] = await embed([
      'That is a happy person',
      'That is a very happy person',
      'That is a happy dog',
      'Today is a sunny day',
    ]);
    const [very, dog, day] = others.map((other) => cosine(person, other));
    expect(very).to.be.closeTo(0.942, 0.005);
    expect(dog).to.be.closeTo(0.697, 0.005);
    expect(day).to.be.closeTo(0.254, 0.005);
  });

  it('gives unit vectors of 384 numbers', async () => {
    const [vector] = await embed(['Some text']);
    expect(vector).to.have.length(model.dimensions);
    expect(cosine(vector, vector)).to.be.closeTo(1, 1e-5);
  });

  it('gives the same vectors again, and nearly the same in other company', async () => {
    const texts = ['A rabbit digs.', 'Queues hold messages until somebody takes them.', ''];
    const first = await embed(texts);
    expect(await embed(texts)).to.deep.equal(first);
    const [alone] = await embed(['A rabbit digs.']);
    expect(cosine(alone, first[0])).to.be.closeTo(1, 1e-5);
  });

  it('keeps the order of texts of very different lengths', async () => {
    const texts = Array.from({ length: 70 }, (_, n) => `Number ${n} ${'and more words '.repeat((n * 7) % 10)}`);
    const together = await embed(texts);
    const [of41] = await embed([texts[41] ?? '']);
    expect(together).to.have.length(70);
    expect(cosine(together[41] as Float32Array, of41)).to.be.closeTo(1, 1e-4);
    expect(cosine(together[42] as Float32Array, of41)).to.be.below(0.999);
  });

  it('reads no more than 256 word pieces', async () => {
    const [long, longer] = await embed(['word '.repeat(254), `${'word '.repeat(254)} and something else entirely`]);
    expect(longer).to.deep.equal(long);
    const { tokens } = await model.embed(['word '.repeat(1000)], { role: 'document', signal: never });
    expect(tokens).to.equal(256);
  });

  it('embeds what is hardly a text', async () => {
    const vectors = await embed(['', ' ', '\u0000', '\ud800', '👍🏽'.repeat(300), '日本語', 'x'.repeat(200_000)]);
    for (const vector of vectors) expect(cosine(vector, vector)).to.be.closeTo(1, 1e-5);
  });

  it('does not hold up the event loop', async () => {
    const texts = Array.from({ length: 16 }, (_, n) => `Passage ${n}. ${'It tells of many things. '.repeat(25)}`);
    expect(await laggingDuring(embed(texts))).to.be.below(0.2);
  }).retries(MEASURED_AGAIN);

  it('answers a query before the documents that came earlier', async () => {
    const order: string[] = [];
    const documents = embed(Array.from({ length: 24 }, () => 'Words and words. '.repeat(40))).then(() =>
      order.push('documents'),
    );
    const query = embed(['a question'], 'query').then(() => order.push('query'));
    await Promise.all([documents, query]);
    expect(order).to.deep.equal(['query', 'documents']);
  });

  it('stops for an aborted signal and goes on with the rest', async () => {
    const controller = new AbortController();
    const reason = new AbortedError('cancelled');
    const many = Array.from({ length: 400 }, () => 'Nobody wants this any more. '.repeat(30));
    const doomed = model.embed(many, { role: 'document', signal: controller.signal });
    const begun = performance.now();
    controller.abort(reason);
    expect(await rejected(doomed, AbortedError)).to.equal(reason);
    await embed(['the next one']);
    // 400 such texts would take many seconds.
    expect(performance.now() - begun).to.be.below(3_000);
    expect(await rejected(model.embed(['x'], { role: 'query', signal: controller.signal }), AbortedError)).to.equal(
      reason,
    );
  }).retries(MEASURED_AGAIN);

  it('rejects what is under way when it is closed, and can be closed twice', async () => {
    const other = new LocalModel(dataDir);
    await other.warmUp();
    const doomed = other.embed(['word '.repeat(200)], { role: 'document', signal: never });
    const outcome = rejected(doomed, AbortedError);
    await Promise.all([other.close(), other.close()]);
    await outcome;
    await rejected(other.embed(['x'], { role: 'query', signal: never }), AbortedError);
  });

  describe('its file', () => {
    it('is made once, whole, when two start at the same time', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'warren-model-'));
      try {
        const [one, two] = await Promise.all([modelFile(dir), modelFile(dir)]);
        expect(one).to.equal(modelPath(dir));
        expect(two).to.equal(one);
        expect(await readdir(join(dir, 'models'))).to.have.length(1);
        expect(await readFile(modelPath(dir))).to.deep.equal(Buffer.from(await convertModel()));
      } finally {
        await rm(dir, { recursive: true });
      }
    });

    it('is made again when it is damaged', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'warren-model-'));
      const repaired = new LocalModel(dir);
      try {
        await modelFile(dir);
        await writeFile(modelPath(dir), 'half a mo');
        await repaired.warmUp();
      } finally {
        await repaired.close();
        await rm(dir, { recursive: true });
      }
    });

    it('is not needed where nothing can be written', async () => {
      const file = join(dataDir, 'a-file');
      await writeFile(file, '');
      expect(await modelFile(join(file, 'no-folder'))).to.be.instanceOf(Uint8Array);
    });

    it('is never made of other weights', () => {
      expect(() => checkWeights(new Uint8Array(10))).to.throw(/sha256 01d448af.*expected f20d0d47.*npm ci/);
    });
  });

  describe('its tokenizer', () => {
    it('splits words into the pieces of uncased BERT', async () => {
      const tokenizer = await loadTokenizer();
      expect(tokenizer.encode('Héllo, UNAFFABLE world!')).to.deep.equal([
        101, 7592, 1010, 14477, 20961, 3468, 2088, 999, 102,
      ]);
      expect(tokenizer.count('word '.repeat(1000))).to.equal(1002);
    });

    it('takes no text for a special token', async () => {
      const tokenizer = await loadTokenizer();
      expect(tokenizer.encode('[SEP] [PAD]').filter((id) => id < 104)).to.deep.equal([101, 102]);
    });
  });
});
