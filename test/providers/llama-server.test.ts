import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import pino from 'pino';
import { OpenAiEmbedding } from '../../services/embedder/models/remote/openai.ts';
import { RemoteEmbeddingModel } from '../../services/embedder/models/remote/remote-model.ts';
import type { Finish, GenerationRequest } from '../../services/generator/models/model.ts';
import { OpenAiChat } from '../../services/generator/models/openai/openai.ts';
import { RemoteModel } from '../../services/generator/models/remote/remote-model.ts';
import { AbortedError, OutageError, TerminalError } from '../../shared/bus/errors.ts';
import { embeddingProfile } from '../../shared/profiles/embedding-profile.ts';
import { rejected } from '../support/rejected.ts';
import { percentiles, within } from './faults.ts';
import { type LlamaServer, llamaServer, startLlamaServer } from './llama-server.ts';
import { writeTinyModel } from './tiny-gguf.ts';

const IDLE_MS = 10_000;
const PROMPT: GenerationRequest = { messages: [{ role: 'user', content: 'the rabbit' }], temperature: 1 };
const never = new AbortController().signal;
const log = pino({ level: 'silent' });

const cosine = (one: Float32Array = new Float32Array(), other: Float32Array = new Float32Array()): number =>
  one.reduce((sum, number, at) => sum + number * (other[at] ?? 0), 0);

describe('a real llama-server', function () {
  this.timeout(120_000);
  let folder: string;
  let path: string;
  let command: string;
  const running: LlamaServer[] = [];
  const start = async (...args: string[]): Promise<LlamaServer> => {
    const server = await startLlamaServer(command, path, args);
    running.push(server);
    return server;
  };

  before(async function () {
    const found = llamaServer();
    if (found === undefined) {
      process.stdout.write(
        '    skipped: there is no llama-server here (put llama.cpp on the path, or set LLAMA_SERVER)\n',
      );
      return this.skip();
    }
    command = found;
    folder = await mkdtemp(join(tmpdir(), 'warren-llama-'));
    path = join(folder, 'tiny.gguf');
    await writeTinyModel(path);
  });
  afterEach(() => Promise.all(running.splice(0).map((server) => server.stop())));
  after(() => (folder === undefined ? undefined : rm(folder, { recursive: true })));

  const chatWith = ({ url }: LlamaServer) =>
    new RemoteModel({ client: new OpenAiChat({ baseUrl: url }), model: 'tiny', idleMs: IDLE_MS, log });

  async function write(model: RemoteModel, request = PROMPT, signal = never, onText?: () => void) {
    let text = '';
    let finish: Finish | undefined;
    for await (const piece of model.generate(request, { signal })) {
      if ('finish' in piece) finish = piece.finish;
      else {
        text += piece.text;
        onText?.();
      }
    }
    return { text, finish };
  }

  it('is an outage while it loads, then streams texts and counts tokens', async () => {
    const server = await start('-np', '1', '-c', '2048');
    const model = chatWith(server);
    try {
      await rejected(write(model), OutageError);
      await server.loaded();
      await model.warmUp();
      const { text, finish } = await write(model, { ...PROMPT, max_tokens: 20 });
      expect(text).to.not.equal('');
      expect(finish?.finish_reason).to.be.oneOf(['length', 'stop']);
      expect(finish?.usage.prompt_tokens).to.be.above(1);
      expect(finish?.usage.completion_tokens).to.be.within(1, 20);
      expect(finish?.usage).to.not.have.property('estimated');
    } finally {
      model.close();
    }
  });

  it('is free for the next job soon after a long one is cancelled', async () => {
    const server = await start('-np', '1', '-c', '100000', '--ignore-eos');
    await server.loaded();
    const model = chatWith(server);
    const times: number[] = [];
    try {
      for (let run = 0; run < 10; run += 1) {
        const controller = new AbortController();
        const reason = new AbortedError('cancelled');
        await rejected(
          write(model, PROMPT, controller.signal, () => controller.abort(reason)),
          AbortedError,
        );
        const begun = performance.now();
        await within(IDLE_MS, write(model, { ...PROMPT, max_tokens: 1 }));
        times.push(performance.now() - begun);
      }
    } finally {
      model.close();
    }
    const { p50, p99 } = percentiles(times);
    process.stdout.write(
      `      llama-server with one slot answers the next job after p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms\n`,
    );
    expect(p99).to.be.below(2_000);
  });

  it('says in its own words that a prompt is too long', async () => {
    const server = await start('-np', '1', '-c', '256');
    await server.loaded();
    const model = chatWith(server);
    try {
      const messages = [{ role: 'user' as const, content: 'rabbit '.repeat(2_000) }];
      const error = await rejected(write(model, { messages }), TerminalError);
      expect(error.message).to.match(/answered 400: .*context/);
    } finally {
      model.close();
    }
  });

  it('embeds', async () => {
    const server = await start('--embedding', '--pooling', 'mean', '-c', '2048');
    await server.loaded();
    const client = new OpenAiEmbedding({ baseUrl: server.url, model: 'tiny' });
    const model = new RemoteEmbeddingModel({ client, profile: embeddingProfile('tiny'), idleMs: IDLE_MS, log });
    try {
      const texts = ['the rabbit', 'a queue', 'the rabbit'];
      const { vectors, tokens, estimated } = await model.embed(texts, { role: 'document', signal: never });
      expect(vectors.map(({ length }) => length)).to.deep.equal([64, 64, 64]);
      const [rabbit, queue, again] = vectors;
      expect(cosine(rabbit, again)).to.be.closeTo(1, 1e-5);
      expect(cosine(rabbit, queue)).to.be.below(0.999);
      expect(tokens).to.be.above(3);
      expect(estimated).to.equal(undefined);
    } finally {
      await model.close();
    }
  });
});
