import { expect } from 'chai';
import { mockProvider, post, rawPost, readParts, user } from './mock.ts';

const STREAMS = [
  { dialect: 'Ollama', path: '/api/chat', endMark: '"done":true' },
  { dialect: 'OpenAI', path: '/v1/chat/completions', endMark: '[DONE]' },
] as const;

const tokensIn = (text: string): number => text.match(/"content":"[^"]+"/g)?.length ?? 0;
const isJson = (line: string): boolean => {
  try {
    JSON.parse(line.replace(/^data: /, '').replace('[DONE]', 'null'));
    return true;
  } catch {
    return false;
  }
};
const badLines = (text: string): number => text.split('\n').filter((line) => line !== '' && !isJson(line)).length;
const isWhole = (bytes: Buffer): boolean => Buffer.from(bytes.toString('utf8')).equals(bytes);

describe('mock provider: faults', () => {
  const mock = mockProvider();
  const ask = (path: string, model: string, init?: RequestInit) =>
    post(`${mock().url}${path}`, { model, stream: true, messages: user('hello') }, init);

  for (const { dialect, path, endMark } of STREAMS) {
    describe(`in a stream of ${dialect}`, () => {
      const fetchText = async (model: string) => {
        const { parts, error } = await readParts(await ask(path, model));
        return { parts, text: Buffer.concat(parts).toString('utf8'), error };
      };

      it('none', async () => {
        const { text, error } = await fetchText('mock-len10');
        expect([tokensIn(text), badLines(text), text.includes(endMark), error]).to.deep.equal([10, 0, true, undefined]);
      });

      it('truncated: a clean end without the mark', async () => {
        const { text, error } = await fetchText('mock-fault-truncated-after5');
        expect([tokensIn(text), badLines(text), text.includes(endMark), error]).to.deep.equal([5, 0, false, undefined]);
      });

      it('truncated after the last token: all the text, no mark', async () => {
        const { text } = await fetchText('mock-len5-truncated-after9');
        expect([tokensIn(text), text.includes(endMark)]).to.deep.equal([5, false]);
      });

      it('malformed: one line is no JSON, the rest comes', async () => {
        const { text, error } = await fetchText('mock-fault-malformed-len10');
        expect([badLines(text), text.includes(endMark), error]).to.deep.equal([1, true, undefined]);
      });

      it('error line: an error in the stream, then its end', async () => {
        mock().faults.add({ fault: { error_line: 'out of memory', after: 2 } });
        const { text, error } = await fetchText('mock');
        expect([tokensIn(text), text.includes(endMark), error]).to.deep.equal([2, false, undefined]);
        expect(text.trimEnd().split('\n').at(-1)).to.match(/^(data: )?\{"error":.*out of memory/);
      });

      it('reset before the headers: nothing but ECONNRESET', async () => {
        const body = { model: 'mock-fault-reset', stream: true, messages: user('x') };
        expect(await rawPost(mock().url, path, body)).to.deep.equal({ text: '', error: 'ECONNRESET' });
      });

      it('reset in mid-stream: tokens, then ECONNRESET', async () => {
        const body = { model: 'mock-fault-resetmid-after4-itl5', stream: true, messages: user('x') };
        const { text, error } = await rawPost(mock().url, path, body);
        expect([tokensIn(text), error]).to.deep.equal([4, 'ECONNRESET']);
        expect(mock().counts().aborted).to.equal(0);
      });

      it('hang before the headers: silence until the client gives up', async () => {
        const client = new AbortController();
        const asked = ask(path, 'mock-fault-hang', { signal: client.signal }).catch((error: Error) => error.name);
        await mock().until(({ requests_open }) => requests_open === 1);
        client.abort();
        expect(await asked).to.equal('AbortError');
        const { aborts } = await mock().until(({ aborted }) => aborted === 1);
        expect(aborts[0]).to.include({ path, model: 'mock-fault-hang', phase: 'before headers', tokens: 0 });
      });

      it('hang in mid-stream: tokens, then silence until the client gives up', async () => {
        const client = new AbortController();
        const response = await ask(path, 'mock-fault-hangmid-after2', { signal: client.signal });
        const reading = readParts(response);
        await mock().until(({ tokens_sent }) => tokens_sent === 2);
        client.abort();
        await reading;
        const { aborts, streams_open } = await mock().until(({ aborted }) => aborted === 1);
        expect(aborts[0]).to.include({ phase: 'in stream', tokens: 2 });
        expect(streams_open).to.equal(0);
      });

      it('split: chunks end within characters and within lines, and nothing is lost', async () => {
        const plain = await fetchText('mock-len60');
        const { parts, text } = await fetchText('mock-fault-split-len60');
        expect(parts.filter((part) => !isWhole(part)).length).to.be.greaterThan(0);
        expect(parts.filter((part) => !part.toString('utf8').endsWith('\n')).length).to.be.greaterThan(50);
        expect([tokensIn(text), badLines(text)]).to.deep.equal([tokensIn(plain.text), 0]);
      });

      it('drip: a few bytes at a time', async () => {
        mock().faults.add({ fault: { drip_ms: 1, drip_bytes: 64 } });
        const { parts, text } = await fetchText('mock-len3');
        expect(Math.max(...parts.map((part) => part.length))).to.be.at.most(128);
        expect([tokensIn(text), text.includes(endMark)]).to.deep.equal([3, true]);
      });
    });
  }

  describe('as a status', () => {
    const BODIES = {
      '/api/chat': ['error'],
      '/v1/chat/completions': ['error.message', 'error.type', 'error.code'],
      '/m/MODEL/embed': ['error', 'error_type'],
    } as const;
    for (const [path, fields] of Object.entries(BODIES)) {
      for (const status of [400, 401, 404, 429, 500, 503]) {
        it(`${status} at ${path} has the dialect's body`, async () => {
          const model = `mock-fault-${status}-retry2`;
          const response = await post(mock().url + path.replace('MODEL', model), {
            model,
            messages: user('x'),
            inputs: 'x',
          });
          expect([response.status, response.headers.get('retry-after')]).to.deep.equal([status, '2']);
          const body = await response.json();
          for (const field of fields) expect(body).to.have.nested.property(field);
        });
      }
    }

    it('can be a page of HTML and carry a date', async () => {
      const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
      mock().faults.add({ fault: { status: 502, html: true, retry_after: date } });
      const response = await ask('/api/chat', 'mock');
      expect([
        response.status,
        response.headers.get('content-type'),
        response.headers.get('retry-after'),
      ]).to.deep.equal([502, 'text/html', date]);
    });

    it('lasts as often as its name says', async () => {
      const statuses = [];
      for (let i = 0; i < 3; i += 1) {
        const response = await ask('/api/chat', 'mock-fault-503-times2');
        statuses.push(response.status);
        await response.text();
      }
      expect(statuses).to.deep.equal([503, 503, 200]);
    });
  });

  describe('in embeddings', () => {
    const embed = async (model: string, input: readonly string[], format = 'float') => {
      const response = await post(`${mock().url}/v1/embeddings`, { model, input, encoding_format: format });
      return { status: response.status, text: await response.text() };
    };
    const lengths = ({ text }: { text: string }): number[] =>
      (JSON.parse(text) as { data: { embedding: number[] }[] }).data.map(({ embedding }) => embedding.length);

    it('too few, too many, too short', async () => {
      expect(lengths(await embed('mock-d8-fewer', ['a', 'b', 'c']))).to.deep.equal([8, 8]);
      expect(lengths(await embed('mock-d8-more', ['a', 'b', 'c']))).to.deep.equal([8, 8, 8, 8]);
      expect(lengths(await embed('mock-d8-baddims', ['a', 'b', 'c']))).to.deep.equal([7, 7, 7]);
    });

    it('NaN as a bare word, as null and in base64', async () => {
      const bare = await embed('mock-d4-nan', ['a']);
      expect(() => JSON.parse(bare.text)).to.throw(SyntaxError);
      expect(bare.text).to.include('[NaN,');
      expect((await embed('mock-d4-null', ['a'])).text).to.include('[null,');
      const packed = JSON.parse((await embed('mock-d4-nan', ['a'], 'base64')).text) as {
        data: { embedding: string }[];
      };
      expect(Buffer.from(packed.data[0]?.embedding ?? '', 'base64').readFloatLE(0)).to.be.NaN;
    });

    it('a poison text fails the batch, not the texts without it', async () => {
      mock().faults.add({ match: { path: '/v1/embeddings' }, fault: { poison: { word: 'badger', status: 413 } } });
      expect((await embed('mock', ['fine', 'a badger'])).status).to.equal(413);
      expect((await embed('mock', ['fine'])).status).to.equal(200);
      mock().faults.clear();
      expect((await embed('mock-poison', ['poison'])).status).to.equal(400);
      expect(mock().counts()).to.deep.include({ texts_received: 4, texts_embedded: 1, batch_sizes: { 1: 2, 2: 1 } });
    });

    it('an answer cut in its middle', async () => {
      const { text } = await embed('mock-d8-truncated', ['a']);
      expect(() => JSON.parse(text)).to.throw(SyntaxError);
    });
  });
});
