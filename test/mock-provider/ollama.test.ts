import { expect } from 'chai';
import { Ollama } from 'ollama';
import { mockProvider, post, user } from './mock.ts';

/** What a promise rejects with. */
async function failure(promise: Promise<unknown>): Promise<Error & { status_code?: number }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

describe('mock provider: Ollama', () => {
  const mock = mockProvider({ aliases: { 'llama3.2': 'mock-len7' } });
  const client = () => new Ollama({ host: mock().url });

  it('streams a chat to the real client, token by token, with the counts at its end', async () => {
    const chunks = [];
    for await (const chunk of await client().chat({ model: 'mock-len12', messages: user('hello'), stream: true })) {
      chunks.push(chunk);
    }
    expect(chunks).to.have.length(13);
    expect(chunks.slice(0, -1).every((chunk) => !chunk.done && chunk.message.content.trim() !== '')).to.equal(true);
    expect(chunks.at(-1)).to.include({ done: true, done_reason: 'stop', eval_count: 12, prompt_eval_count: 1 });
    expect(mock().counts()).to.deep.include({ tokens_sent: 12, streams_open: 0, requests_by_path: { '/api/chat': 1 } });
  });

  it('says the same to the same prompt, streamed or whole, whatever the pace', async () => {
    let streamed = '';
    for await (const { message } of await client().chat({ model: 'mock-itl1', messages: user('why?'), stream: true })) {
      streamed += message.content;
    }
    const whole = await client().chat({ model: 'mock', messages: user('why?') });
    const other = await client().chat({ model: 'mock', messages: user('why not?') });
    expect(whole.message.content).to.equal(streamed);
    expect(whole.eval_count).to.equal(64);
    expect(other.message.content).not.to.equal(streamed);
  });

  it('tells with each token when it was sent, if it is asked to', async () => {
    const before = Date.now();
    const stamps: number[] = [];
    const stream = await client().chat({ model: 'mock-clock-itl5-len4', messages: user('when?'), stream: true });
    for await (const { done, message } of stream) if (!done) stamps.push(Number(message.content));
    expect(stamps).to.have.length(4);
    expect(stamps).to.deep.equal(stamps.toSorted((a, b) => a - b));
    expect(stamps[0]).to.be.within(before - 1, Date.now());
    // Three pauses of 5 ms; a timer may fire a little early.
    expect((stamps[3] ?? 0) - (stamps[0] ?? 0)).to.be.at.least(10);
  });

  it('stops at num_predict and says so', async () => {
    const { response, done_reason, eval_count } = await client().generate({
      model: 'mock-len50',
      prompt: 'tell',
      options: { num_predict: 5 },
    });
    expect({ done_reason, eval_count, words: response?.split(' ').length }).to.deep.equal({
      done_reason: 'length',
      eval_count: 5,
      words: 5,
    });
  });

  it('embeds a batch into unit vectors, near for near texts', async () => {
    const { embeddings } = await client().embed({
      model: 'mock-embed-d64',
      input: ['how retries wait on the ladder', 'a retry waits on a ladder', 'the moon over a river'],
    });
    const [a = [], b = [], c = []] = embeddings;
    const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
    expect(embeddings.map((vector) => vector.length)).to.deep.equal([64, 64, 64]);
    expect(dot(a, a)).to.be.closeTo(1, 1e-5);
    expect(dot(a, b)).to.be.greaterThan(dot(a, c) + 0.3);
    expect(mock().counts()).to.deep.include({ texts_embedded: 3, batch_sizes: { 3: 1 } });
  });

  it('refuses a text that is too long unless it may cut it', async () => {
    const long = { model: 'mock-embed-ctx3', input: ['one two three four'] };
    const error = await failure(client().embed({ ...long, truncate: false }));
    expect([error.status_code, error.message]).to.deep.equal([400, 'the input length exceeds the context length']);
    const cut = await client().embed(long);
    const short = await client().embed({ model: 'mock-embed', input: 'one two three' });
    expect(cut.embeddings).to.deep.equal(short.embeddings);
  });

  it('lists, shows and reports models and its version', async () => {
    expect((await client().version()).version).to.match(/^\d+\.\d+\.\d+$/);
    expect((await client().list()).models.map(({ name }) => name)).to.include('mock:latest');
    expect((await client().show({ model: 'mock-d96' })).model_info).to.include({ 'mock.embedding_length': 96 });
    expect((await client().ps()).models.map(({ name }) => name)).to.include('mock-d96:latest');
    expect(await (await fetch(mock().url)).text()).to.equal('Ollama is running');
  });

  it('knows no other models, but for aliases and tags', async () => {
    const unknown = await failure(client().chat({ model: 'llama3', messages: user('x') }));
    expect([unknown.status_code, unknown.message]).to.deep.equal([404, "model 'llama3' not found"]);
    const mistyped = await failure(client().chat({ model: 'mock-ttf500', messages: user('x') }));
    expect(mistyped.message).to.equal(`model 'mock-ttf500' not found ("ttf500" means nothing)`);
    expect((await client().chat({ model: 'llama3.2', messages: user('x') })).eval_count).to.equal(7);
    expect((await client().chat({ model: 'mock-len3:blue', messages: user('x') })).eval_count).to.equal(3);
  });

  it('loads a model when there is nothing to answer', async () => {
    expect(await client().chat({ model: 'mock', messages: [] })).to.include({ done: true, done_reason: 'load' });
  });

  it('refuses what is no request in its own words', async () => {
    const bad = await fetch(`${mock().url}/api/chat`, { method: 'POST', body: '{"model":' });
    expect([bad.status, Object.keys((await bad.json()) as object)]).to.deep.equal([400, ['error']]);
    const nameless = await post(`${mock().url}/api/chat`, { messages: [] });
    expect([nameless.status, await nameless.json()]).to.deep.equal([400, { error: 'model is required' }]);
    const elsewhere = await post(`${mock().url}/api/pull`, {});
    expect([elsewhere.status, await elsewhere.text()]).to.deep.equal([404, '404 page not found']);
  });

  it('keeps the pace that its name asks for', async () => {
    const start = performance.now();
    const at: number[] = [];
    for await (const _ of await client().chat({
      model: 'mock-ttft120-itl20-len6',
      messages: user('x'),
      stream: true,
    })) {
      at.push(performance.now() - start);
    }
    expect(at[0]).to.be.greaterThan(119);
    expect(at.at(-1)).to.be.within(119 + 5 * 20, 2_000);
  });
});
