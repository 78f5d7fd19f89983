import { expect } from 'chai';
import { createParser } from 'eventsource-parser';
import { mockProvider, post, user } from './mock.ts';

interface Chunk {
  readonly choices: readonly {
    readonly delta: { readonly role?: string; readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
  } | null;
}

async function readEvents(response: Response): Promise<string[]> {
  const events: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => events.push(data) });
  parser.feed(await response.text());
  return events;
}

describe('mock provider: OpenAI', () => {
  const mock = mockProvider();
  const chat = (body: object) => post(`${mock().url}/v1/chat/completions`, { messages: user('hello'), ...body });

  it('streams chunks with role first, then text, finish reason and [DONE]', async () => {
    const response = await chat({ model: 'mock-len4', stream: true });
    expect(response.headers.get('content-type')).to.equal('text/event-stream; charset=utf-8');
    const events = await readEvents(response);
    expect(events.at(-1)).to.equal('[DONE]');
    const chunks = events.slice(0, -1).map((data) => JSON.parse(data) as Chunk);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).to.deep.equal([
      null,
      null,
      null,
      null,
      null,
      'stop',
    ]);
    expect(chunks[0]?.choices[0]?.delta).to.deep.equal({ role: 'assistant', content: '' });
    expect(chunks.some((chunk) => 'usage' in chunk)).to.equal(false);
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    const whole = (await (await chat({ model: 'mock-len4' })).json()) as {
      choices: { message: { content: string } }[];
    };
    expect(whole.choices[0]?.message.content).to.equal(text);
  });

  it('adds usage in a last chunk without choices when asked', async () => {
    const events = await readEvents(
      await chat({ model: 'mock-len4', stream: true, stream_options: { include_usage: true } }),
    );
    const chunks = events.slice(0, -1).map((data) => JSON.parse(data) as Chunk);
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).to.equal(true);
    expect(chunks.at(-1)?.choices).to.deep.equal([]);
    expect(chunks.at(-1)?.usage).to.deep.equal({ prompt_tokens: 1, completion_tokens: 4, total_tokens: 5 });
  });

  it('cuts at max_tokens and says so', async () => {
    const body = (await (await chat({ model: 'mock', max_tokens: 3 })).json()) as Record<string, unknown>;
    expect(body).to.nested.include({
      object: 'chat.completion',
      'choices[0].finish_reason': 'length',
      'usage.completion_tokens': 3,
    });
  });

  it('embeds as numbers and as base64, the same vectors', async () => {
    const embed = async (encoding_format: string) => {
      const response = await post(`${mock().url}/v1/embeddings`, {
        model: 'mock-d8',
        input: ['one rabbit', 'two'],
        encoding_format,
      });
      return (await response.json()) as { data: { index: number; embedding: unknown }[]; usage: object };
    };
    const numbers = await embed('float');
    const packed = await embed('base64');
    const unpack = (text: string) => {
      const bytes = Buffer.from(text, 'base64');
      return Array.from({ length: bytes.length / 4 }, (_, i) => Number(bytes.readFloatLE(i * 4).toPrecision(8)));
    };
    expect(numbers.usage).to.deep.equal({ prompt_tokens: 3, total_tokens: 3 });
    expect(packed.data.map(({ embedding }) => unpack(embedding as string))).to.deep.equal(
      numbers.data.map(({ embedding }) => embedding),
    );
    expect(numbers.data.map(({ index }) => index)).to.deep.equal([0, 1]);
  });

  it('ranks and lists models', async () => {
    const ranked = await post(`${mock().url}/v1/rerank`, {
      model: 'mock-rerank',
      query: 'wild rabbits',
      documents: ['a bus', 'rabbits, wild'],
      top_n: 1,
    });
    expect(await ranked.json()).to.nested.include({ 'results[0].index': 1, 'results.length': 1 });
    const models = await (await fetch(`${mock().url}/v1/models`)).json();
    expect(models).to.nested.include({ object: 'list', 'data[0].id': 'mock', 'data[0].object': 'model' });
  });

  it('refuses in its own words', async () => {
    const unknown = await chat({ model: 'gpt-4o' });
    expect([unknown.status, await unknown.json()]).to.deep.equal([
      404,
      {
        error: {
          message: 'The model `gpt-4o` does not exist or you do not have access to it.',
          type: 'invalid_request_error',
          param: null,
          code: 'model_not_found',
        },
      },
    ]);
    const empty = await chat({ model: 'mock', messages: [] });
    expect(empty.status).to.equal(400);
    expect(await empty.json()).to.have.nested.property('error.type', 'invalid_request_error');
  });

  describe('with a key', () => {
    const guarded = mockProvider({ apiKey: 'right' });
    it('refuses another', async () => {
      const call = (key: string) =>
        fetch(`${guarded().url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
      const refused = await call('wrong');
      expect(refused.status).to.equal(401);
      expect(await refused.json()).to.have.nested.property('error.code', 'invalid_api_key');
      expect((await call('right')).status).to.equal(200);
    });
  });
});
