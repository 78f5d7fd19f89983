import { expect } from 'chai';
import { embedTexts } from '../../../services/embedder/embed-texts.ts';
import type { Embedded, EmbeddingModel } from '../../../services/embedder/models/model.ts';
import { AbortedError, RetryableError, TerminalError } from '../../../shared/bus/errors.ts';
import { EmbedTexts, TextsEmbedded } from '../../../shared/messages/embedding.ts';
import { fakeWork } from '../../support/fake-work.ts';
import { rejected } from '../../support/rejected.ts';

type Embed = (texts: readonly string[], signal: AbortSignal) => Promise<Embedded>;

const numbersOf = (text: string): Float32Array => Float32Array.of(text.length, 0.5, -1);

const wellBehaved: Embed = async (texts) => ({ vectors: texts.map(numbersOf), tokens: texts.length * 3 });

/** Refuses every batch with a text that says "poison". */
const poisonable =
  (calls: string[][], error: () => Error = () => new TerminalError('provider_error', 'cannot read this')): Embed =>
  async (texts, signal) => {
    calls.push([...texts]);
    if (texts.some((text) => text.includes('poison'))) throw error();
    return await wellBehaved(texts, signal);
  };

const model = (embed: Embed): EmbeddingModel => ({
  provider: 'fake',
  name: 'fake-model',
  dimensions: 3,
  maxTokens: 10,
  embed: (texts, { signal }) => embed(texts, signal),
  warmUp: async () => {},
  close: async () => {},
});

type Body = EmbedTexts['body'];

async function run(embed: Embed, body: Partial<Body>, { work } = fakeWork(EmbedTexts.type)) {
  const full = EmbedTexts.parse({ batch: '0', role: 'document', texts: ['one', 'three'], ...body }).body;
  const { event } = await embedTexts(model(embed)).run(full, work);
  return TextsEmbedded.parse(event.body).body;
}

const floats = (base64: string | null | undefined): number[] => {
  const bytes = Buffer.from(base64 ?? '', 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
};

describe('texts.embed', () => {
  it('gives a vector a text, as little-endian floats in base64', async () => {
    const event = await run(wellBehaved, { batch: '7' });
    expect(event).to.include({ batch: '7', model: 'fake-model', dimensions: 3, provider: 'fake', prompt_tokens: 6 });
    expect(event.vectors.map(floats)).to.deep.equal([
      [3, 0.5, -1],
      [5, 0.5, -1],
    ]);
    expect(event.failures).to.equal(undefined);
  });

  it('packs a vector that is a slice of a larger buffer', async () => {
    const all = Float32Array.of(9, 9, 9, 1, 2, 3);
    const event = await run(async () => ({ vectors: [all.subarray(3)], tokens: 1 }), { texts: ['x'] });
    expect(floats(event.vectors[0])).to.deep.equal([1, 2, 3]);
  });

  it('says that tokens are estimated when those of one call were', async () => {
    expect(await run(wellBehaved, {})).to.not.have.property('estimated');
    const texts = ['a', 'poison', 'b', 'c'];
    const half: Embed = async (some, signal) => {
      if (some.includes('poison') && some.length > 1) throw new TerminalError('provider_error', 'cannot read this');
      return { ...(await wellBehaved(some, signal)), ...(some.includes('c') && { estimated: true }) };
    };
    expect(await run(half, { texts, partial: true })).to.include({ estimated: true, prompt_tokens: 12 });
  });

  it('refuses a model that is not here', async () => {
    const error = await rejected(run(wellBehaved, { model: 'other' }), TerminalError);
    expect(error.code).to.equal('model_not_found');
    expect(error.message).to.include('"other"').and.include('"fake-model"');
    expect((await run(wellBehaved, { model: 'fake-model' })).vectors).to.have.length(2);
  });

  it('fails as a whole unless told to be partial', async () => {
    const calls: string[][] = [];
    await rejected(run(poisonable(calls), { texts: ['a', 'poison', 'b'] }), TerminalError);
    expect(calls).to.have.length(1);
  });

  it('finds the texts that cannot be embedded by halving', async () => {
    const calls: string[][] = [];
    const texts = Array.from({ length: 16 }, (_, n) => (n === 5 || n === 6 ? `poison ${n}` : `text ${n}`));
    const event = await run(poisonable(calls), { texts, partial: true });
    expect(event.failures).to.deep.equal([
      { index: 5, message: 'cannot read this' },
      { index: 6, message: 'cannot read this' },
    ]);
    expect(event.vectors.flatMap((vector, index) => (vector === null ? [index] : []))).to.deep.equal([5, 6]);
    expect(floats(event.vectors[7])).to.deep.equal([6, 0.5, -1]);
    expect(calls.length).to.be.below(16);
  });

  it('halves nothing when another try may help, nor when the model is missing', async () => {
    for (const error of [new RetryableError('provider_error', 'busy'), new TerminalError('model_not_found', 'gone')]) {
      const calls: string[][] = [];
      const failed = run(
        poisonable(calls, () => error),
        { texts: ['a', 'poison'], partial: true },
      );
      expect(await rejected(failed, Error)).to.equal(error);
      expect(calls).to.have.length(1);
    }
  });

  it('passes the signal down', async () => {
    const fake = fakeWork(EmbedTexts.type);
    const reason = new AbortedError('cancelled');
    const waiting: Embed = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const running = rejected(run(waiting, {}, fake), AbortedError);
    fake.abort(reason);
    expect(await running).to.equal(reason);
  });
});
