import { expect } from 'chai';
import { Gather, type GatherOptions } from '../../../services/embedder/gather.ts';
import type { Wanted } from '../../../services/embedder/gather-message.ts';
import type { Embedded, EmbeddingModel } from '../../../services/embedder/models/model.ts';
import { AbortedError, RetryableError, TerminalError } from '../../../shared/bus/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { rejected } from '../../support/rejected.ts';

interface ModelCall {
  readonly texts: readonly string[];
  readonly signal: AbortSignal;
  answer(): void;
  refuse(error: Error): void;
}

const vectorOf = (text: string) => Float32Array.of(text.length, 1);

/** A model whose calls end when the test says so. */
function model() {
  const calls: ModelCall[] = [];
  const embed = (texts: readonly string[], { signal }: { signal: AbortSignal }) =>
    new Promise<Embedded>((resolve, reject) => {
      const answer = () => resolve({ vectors: texts.map(vectorOf), tokens: texts.length * 10 });
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      calls.push({ texts, signal, answer, refuse: reject });
    });
  const fake: EmbeddingModel = {
    provider: 'fake',
    name: 'fake',
    dimensions: 2,
    maxTokens: 10,
    embed,
    warmUp: async () => {},
    close: async () => {},
  };
  const called = (times: number) => eventually(() => calls.length >= times, { within: 1000, every: 1, what: 'a call' });
  return { calls, called, sizes: () => calls.map(({ texts }) => texts.length), fake };
}

function gathering(options: GatherOptions = {}) {
  const { fake, ...rest } = model();
  const gather = new Gather(fake, options);
  const embed = (texts: readonly string[], more: Partial<Wanted> = {}) =>
    gather.embed({
      texts,
      role: 'document',
      priority: 'normal',
      alone: false,
      partial: true,
      signal: new AbortController().signal,
      ...more,
    });
  return { ...rest, embed };
}

describe('gathering', () => {
  it('sends the first message at once, and what comes meanwhile in the next call', async () => {
    const { embed, calls, called, sizes } = gathering();
    const first = embed(['a']);
    expect(sizes()).to.deep.equal([1]);
    const rest = [embed(['bb']), embed(['ccc', 'dddd']), embed(['e'])];
    expect(sizes()).to.deep.equal([1]);
    calls[0]?.answer();
    await called(2);
    calls[1]?.answer();
    expect(calls[1]?.texts).to.deep.equal(['bb', 'ccc', 'dddd', 'e']);
    const vectors = (await Promise.all([first, ...rest])).map((each) => each.vectors.map((vector) => vector?.[0]));
    expect(vectors).to.deep.equal([[1], [2], [3, 4], [1]]);
  });

  it('shares tokens and time out', async () => {
    const { embed, calls, called } = gathering();
    void embed(['first']);
    const [small, large] = [embed(['aa']), embed(['bbbbbb'])];
    calls[0]?.answer();
    await called(2);
    calls[1]?.answer();
    expect([(await small).tokens, (await large).tokens]).to.deep.equal([5, 15]);
  });

  it('sends full calls beside the one under way, and cuts messages at the limit', async () => {
    const { embed, calls, sizes } = gathering({ limits: { texts: 4, chars: 1000 } });
    const all = [embed(['a']), embed(['b', 'c', 'd']), embed(['e', 'f', 'g']), embed(['h'])];
    expect(sizes()).to.deep.equal([1, 4]);
    calls[1]?.answer();
    await eventually(() => calls.length >= 2, { within: 1000, what: 'the answer' });
    calls[0]?.answer();
    await eventually(() => calls.length === 3, { within: 1000, every: 1, what: 'the rest' });
    calls[2]?.answer();
    expect(calls[2]?.texts).to.deep.equal(['f', 'g', 'h']);
    expect((await Promise.all(all)).map(({ vectors }) => vectors.length)).to.deep.equal([1, 3, 3, 1]);
  });

  it('keeps urgent messages out of the way of others', async () => {
    const { embed, calls, sizes } = gathering();
    void embed(Array(64).fill('x'));
    void embed(Array(64).fill('y'));
    const query = embed(['who?'], { role: 'query', priority: 'high' });
    expect(sizes()).to.deep.equal([64, 64, 1]);
    calls[2]?.answer();
    expect((await query).vectors).to.have.lengthOf(1);
  });

  it('gives up one message and answers the others of its call', async () => {
    const { embed, calls, called } = gathering();
    const abort = new AbortController();
    void embed(['first']);
    const unwanted = rejected(embed(['b'], { signal: abort.signal }), AbortedError);
    const wanted = embed(['c']);
    calls[0]?.answer();
    await called(2);
    abort.abort(new AbortedError('cancelled'));
    expect(await unwanted).to.include({ reason: 'cancelled' });
    expect(calls[1]?.signal.aborted).to.equal(false);
    calls[1]?.answer();
    expect((await wanted).vectors).to.have.lengthOf(1);
  });

  it('closes a call that nobody waits for any more, and never sends what was given up before', async () => {
    const { embed, calls, called } = gathering();
    const abort = new AbortController();
    const gone = [
      rejected(embed(['a'], { signal: abort.signal }), AbortedError),
      rejected(embed(['b'], { signal: abort.signal }), AbortedError),
    ];
    const last = embed(['c']);
    abort.abort(new AbortedError('overdue'));
    await Promise.all(gone);
    expect(calls[0]?.signal.aborted).to.equal(true);
    await called(2);
    calls[1]?.answer();
    expect(calls[1]?.texts).to.deep.equal(['c']);
    await last;
  });

  it('finds the poison of several messages by halving; the other texts are embedded once', async () => {
    const embedded: string[] = [];
    const { fake } = model();
    const poisonable: EmbeddingModel = {
      ...fake,
      embed: async (texts) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (texts.some((text) => text.includes('poison'))) throw new TerminalError('provider_error', 'unreadable');
        embedded.push(...texts);
        return { vectors: texts.map(vectorOf), tokens: texts.length };
      },
    };
    const gather = new Gather(poisonable);
    const wanted = { role: 'document', priority: 'low', alone: false, signal: new AbortController().signal } as const;
    const texts = Array.from({ length: 40 }, (_, n) => (n === 13 || n === 30 ? `poison ${n}` : `text ${n}`));
    const partial = gather.embed({ ...wanted, partial: true, texts: texts.slice(0, 20) });
    const whole = rejected(gather.embed({ ...wanted, partial: false, texts: texts.slice(20) }), TerminalError);
    const other = gather.embed({ ...wanted, partial: false, texts: ['unharmed'] });
    const { vectors, failures } = await partial;
    expect(vectors.flatMap((vector, index) => (vector === null ? [index] : []))).to.deep.equal([13]);
    expect(failures.map(({ index, error }) => [index, error.message])).to.deep.equal([[13, 'unreadable']]);
    expect(await whole).to.include({ name: 'TerminalError', message: 'text 10: unreadable' });
    expect((await other).vectors).to.have.lengthOf(1);
    const good = [...texts.filter((text) => !text.includes('poison')), 'unharmed'];
    expect(embedded.toSorted()).to.deep.equal(good.toSorted());
  });

  it('fails all messages of a call that may be tried again, and lets those travel alone that come again', async () => {
    const { embed, calls, called, sizes } = gathering();
    void embed(['first']);
    const both = [rejected(embed(['a']), RetryableError), rejected(embed(['b']), RetryableError)];
    calls[0]?.answer();
    await called(2);
    calls[1]?.refuse(new RetryableError('provider_error', 'busy'));
    for (const error of await Promise.all(both)) expect(error).to.include({ name: 'RetryableError', message: 'busy' });
    void embed(['a'], { alone: true });
    void embed(['b'], { alone: true });
    await called(4);
    expect(sizes()).to.deep.equal([1, 2, 1, 1]);
  });
});
