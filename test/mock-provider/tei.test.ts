import { expect } from 'chai';
import { mockProvider, post } from './mock.ts';

describe('mock provider: Text Embeddings Inference', () => {
  const mock = mockProvider();

  it('embeds one text and many; the address may name the model', async () => {
    const one = (await (await post(`${mock().url}/embed`, { inputs: 'rabbit' })).json()) as number[][];
    expect(one.map((vector) => vector.length)).to.deep.equal([384]);
    const two = (await (
      await post(`${mock().url}/m/mock-d16/embed`, { inputs: ['rabbit', 'moon'] })
    ).json()) as number[][];
    expect(two.map((vector) => vector.length)).to.deep.equal([16, 16]);
    expect(mock().counts().requests_by_model).to.deep.equal({ 'mock-embed-d384': 1, 'mock-d16': 1 });
  });

  it('ranks texts, best first, with the text only when asked', async () => {
    const body = { query: 'how do rabbits dig', texts: ['the stock exchange', 'rabbits dig tunnels'] };
    const ranks = (await (await post(`${mock().url}/rerank`, body)).json()) as { index: number; score: number }[];
    expect(ranks.map(({ index }) => index)).to.deep.equal([1, 0]);
    expect(ranks.every(({ score }) => score > 0 && score < 1)).to.equal(true);
    expect(ranks[0]).to.have.keys('index', 'score');
    const withText = await (await post(`${mock().url}/rerank`, { ...body, return_text: true })).json();
    expect((withText as { text: string }[]).map(({ text }) => text)).to.deep.equal([
      'rabbits dig tunnels',
      'the stock exchange',
    ]);
  });

  it('tells its limits and keeps them', async () => {
    const info = (await (await fetch(`${mock().url}/info`)).json()) as { max_client_batch_size: number };
    const refused = await post(`${mock().url}/embed`, {
      inputs: Array.from({ length: info.max_client_batch_size + 1 }, () => 'x'),
    });
    expect([refused.status, await refused.json()]).to.deep.equal([
      413,
      { error: 'batch size 33 > maximum allowed batch size 32', error_type: 'Validation' },
    ]);
    expect((await fetch(`${mock().url}/health`)).status).to.equal(200);
  });

  it('refuses JSON of the wrong shape in plain text', async () => {
    const refused = await post(`${mock().url}/embed`, { input: 'x' });
    expect([refused.status, refused.headers.get('content-type')]).to.deep.equal([422, 'text/plain; charset=utf-8']);
  });
});
