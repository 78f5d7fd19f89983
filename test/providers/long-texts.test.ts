import { expect } from 'chai';
import pino from 'pino';
import type { Finish } from '../../services/generator/models/model.ts';
import type { ChatClient } from '../../services/generator/models/remote/chat-client.ts';
import { RemoteModel } from '../../services/generator/models/remote/remote-model.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/bus/envelope.ts';

const PIECE = 'carrots and "more" carrots\n'.repeat(400);

describe('a text without end', () => {
  it('is cut before no message can carry it any more, and the provider is told to stop', async () => {
    let [pieces, closed] = [0, false];
    const client: ChatClient = {
      provider: 'fake',
      async *chat(_model, _request, call) {
        call.signal.addEventListener('abort', () => {
          closed = true;
        });
        for (; pieces < 1_000; pieces += 1) {
          await new Promise((resolve) => setImmediate(resolve));
          yield { text: PIECE };
        }
      },
      contextTokens: async () => undefined,
      probe: async () => undefined,
    };
    const model = new RemoteModel({ client, model: 'babbler', idleMs: 5_000, log: pino({ level: 'silent' }) });
    let text = '';
    let finish: Finish | undefined;
    const messages = [{ role: 'user' as const, content: 'Say carrots.' }];
    for await (const piece of model.generate({ messages }, { signal: new AbortController().signal })) {
      if ('finish' in piece) finish = piece.finish;
      else text += piece.text;
    }
    expect(JSON.stringify(text).length).to.be.within(MAX_MESSAGE_BYTES / 2, 0.9 * MAX_MESSAGE_BYTES);
    expect(finish).to.include({ finish_reason: 'length', model: 'babbler' });
    expect(finish?.usage).to.include({ estimated: true });
    expect(closed).to.equal(true);
    model.close();
  });
});
