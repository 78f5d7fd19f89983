import { expect } from 'chai';
import pino from 'pino';
import type { MockProvider } from '../../infra/mock-provider/start-mock-provider.ts';
import type { Finish } from '../../services/generator/models/model.ts';
import { RemoteModel } from '../../services/generator/models/remote/remote-model.ts';
import { OutageError, RetryableError } from '../../shared/bus/errors.ts';
import { mockProvider } from '../mock-provider/mock.ts';
import { rejected } from '../support/rejected.ts';
import { CLIENTS, KEY, PROMPT, WORDS, write } from './chat-clients.ts';
import { expectOutcome, idleOf, type Outcome, outage, retryable, terminal, WITHIN_MS, within } from './faults.ts';
import { nobodyThere } from './nobody-there.ts';
import { staysQuiet } from './quiet.ts';

/** What has to become of a call to a model with this in its name. */
const FAULTS: Readonly<Record<string, Outcome>> = {
  '429-retry2': outage(/answered 429/, 2_000, 'provider_rate_limited'),
  '429': retryable(/answered 429/, 'provider_rate_limited'),
  '503': outage(/answered 503/, 1_000),
  '503-retry7': outage(/answered 503/, 7_000),
  '502-html': outage(/answered 502: \S*[^<>]*$/, 1_000),
  '500': retryable(/answered 500/),
  '408': retryable(/answered 408/),
  '400': terminal(/answered 400/),
  '401': terminal(/answered 401/),
  '403': terminal(/answered 403/),
  '413': terminal(/answered 413/),
  '422': terminal(/answered 422/),
  '404': terminal(/answered 404/, 'model_not_found'),
  hang: retryable(/sent nothing for 200 ms/, 'provider_timeout'),
  hangmid: retryable(/sent nothing for 200 ms/, 'provider_timeout'),
  // The probe that follows meets the same fault: the provider is out, not only this connection.
  reset: outage(/: /, 1_000),
  'reset-times1': retryable(/: /),
  'resetmid-times1': retryable(/: /),
  truncated: retryable(/before the text was whole/),
  'truncated-after0': retryable(/before the text was whole/),
  malformed: retryable(/malformed/),
  errorline: retryable(/failed while it wrote: .*unexpected EOF/),
};

/** Odd, but no fault: the text must be whole. */
const HARMLESS = ['split', 'drip2', 'itl20', 'ttft100'];

for (const [provider, client] of Object.entries(CLIENTS))
  describe(`generation with ${provider}`, () => {
    const mock = mockProvider();
    let model: RemoteModel;
    const open = (breaker = {}, idleMs = idleOf('')): RemoteModel =>
      new RemoteModel({
        client: client(mock().url),
        model: 'mock-len12',
        idleMs,
        firstByteMs: idleMs,
        log: pino({ level: 'silent' }),
        breaker,
      });

    staysQuiet();
    beforeEach(() => {
      model = open();
    });
    afterEach(() => model.close());

    const nothingOpen = (provider: MockProvider) => provider.until(({ requests_open }) => requests_open === 0);

    for (const [fault, outcome] of Object.entries(FAULTS))
      it(`${fault}: ${outcome.kind.name} ${outcome.code ?? ''}`, async () => {
        const name = `mock-len12-${fault}`;
        model.close();
        model = open({}, idleOf(name));
        const error = await within(WITHIN_MS, rejected(write(model, name), Error));
        expectOutcome(error, outcome);
        expect(error).to.have.property('provider', provider);
        expect(error.message).to.not.contain(KEY);
        await nothingOpen(mock());
      });

    for (const oddity of HARMLESS)
      it(`${oddity}: the whole text`, async () => {
        const plain = await write(model, 'mock-len12');
        const { text, finish } = await within(10_000, write(model, `mock-len12-${oddity}`));
        expect(text).to.equal(plain.text);
        expect(finish?.usage).to.deep.include({ completion_tokens: WORDS });
      });

    it('ends with how it ended, by the provider’s own counts', async () => {
      const { finish } = await write(model, 'mock-len12');
      expect(finish).to.deep.include({ finish_reason: 'stop', model: 'mock-len12' });
      expect(finish?.usage).to.deep.include({ prompt_tokens: 4, completion_tokens: WORDS });
      expect(finish?.usage).to.not.have.property('estimated');
    });

    it('says when it was cut at its limit', async () => {
      let finish: Finish | undefined;
      const request = { ...PROMPT, model: 'mock-len12', max_tokens: 5 };
      for await (const piece of model.generate(request, { signal: new AbortController().signal })) {
        if ('finish' in piece) finish = piece.finish;
      }
      expect(finish?.finish_reason).to.equal('length');
    });

    it('nobody there: an outage', async () => {
      const gone = new RemoteModel({
        client: client(await nobodyThere()),
        model: 'mock',
        idleMs: idleOf(''),
        log: pino({ level: 'silent' }),
      });
      try {
        expectOutcome(await rejected(write(gone, 'mock'), OutageError), outage(/ECONNREFUSED|fetch failed/, 1_000));
      } finally {
        gone.close();
      }
    });

    it('a repeated key is not shown', async () => {
      mock().faults.add({ fault: { status: 401, message: `Incorrect API key provided: ${KEY}; Bearer abcdef12345` } });
      const { message } = await rejected(write(model, 'mock'), Error);
      expect(message).to.contain('[redacted]').and.not.contain(KEY).and.not.contain('abcdef12345');
    });

    describe('its breaker', () => {
      it('opens for one model, lets a probe try, and closes; other models go on', async () => {
        model.close();
        model = open({ minimumCalls: 3, resetMs: 400 });
        mock().faults.add({ match: { model: 'mock-bad' }, fault: { status: 500 } });
        mock().faults.add({ match: { model: 'mock-len3' }, fault: { status: 500 } });
        for (let call = 0; call < 2; call += 1) await rejected(write(model, 'mock-len3'), RetryableError);
        await rejected(write(model, 'mock-len3'), OutageError);
        const asked = mock().counts().requests;
        const refused = await rejected(write(model, 'mock-len3'), OutageError);
        expect(refused.afterMs).to.be.within(1, 400);
        expect(mock().counts().requests).to.equal(asked);
        expect(model.breakers()).to.include({ [`${provider}/mock-len3`]: 'open' });
        expect((await write(model, 'mock-len12')).text).to.not.equal('');
        mock().faults.clear();
        await new Promise((resolve) => setTimeout(resolve, refused.afterMs + 50));
        expect(model.breakers()).to.include({ [`${provider}/mock-len3`]: 'half-open' });
        expect((await write(model, 'mock-len3')).text).to.not.equal('');
        expect(model.breakers()).to.include({
          [`${provider}/mock-len3`]: 'closed',
          [`${provider}/mock-len12`]: 'closed',
        });
      });

      it('spends no job on the trial: a probe fails in its place', async () => {
        model.close();
        model = open({ minimumCalls: 2, resetMs: 60 });
        for (let call = 0; call < 2; call += 1) await write(model, 'mock-len3-500').catch(() => {});
        for (let trial = 0; trial < 3; trial += 1) {
          await new Promise((resolve) => setTimeout(resolve, 90));
          await rejected(write(model, 'mock-len3-500'), OutageError);
        }
      });

      it('stays closed for jobs’ own faults and for a provider that asks for patience', async () => {
        model.close();
        model = open({ minimumCalls: 2, resetMs: 60_000 });
        for (let call = 0; call < 6; call += 1) await write(model, 'mock-400').catch(() => {});
        for (let call = 0; call < 6; call += 1) await write(model, 'mock-429').catch(() => {});
        expect(Object.values(model.breakers())).to.deep.equal(['closed', 'closed']);
      });

      it('opens also when streams begin well and break', async () => {
        model.close();
        model = open({ minimumCalls: 3, resetMs: 60_000 });
        for (let call = 0; call < 3; call += 1) await write(model, 'mock-len12-truncated').catch(() => {});
        await rejected(write(model, 'mock-len12-truncated'), OutageError);
      });
    });

    it('429 makes everyone wait, and asks nobody meanwhile', async () => {
      mock().faults.add({ fault: { status: 429, retry_after: 1 }, times: 1 });
      const first = await rejected(write(model, 'mock-len3'), OutageError);
      expect(first.afterMs).to.equal(1_000);
      const second = await rejected(write(model, 'mock-len3'), OutageError);
      expect(second.afterMs).to.be.within(500, 1_000);
      expect(mock().counts().requests).to.equal(1);
      await new Promise((resolve) => setTimeout(resolve, second.afterMs + 20));
      expect((await write(model, 'mock-len3')).text).to.not.equal('');
    });
  });
