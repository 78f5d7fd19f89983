import { expect } from 'chai';
import pino from 'pino';
import { RemoteModel } from '../../services/generator/models/remote/remote-model.ts';
import { AbortedError } from '../../shared/bus/errors.ts';
import { mockProvider } from '../mock-provider/mock.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';
import { rejected } from '../support/rejected.ts';
import { CLIENTS, PROMPT, write } from './chat-clients.ts';
import { percentiles } from './faults.ts';
import { staysQuiet } from './quiet.ts';

/** Nothing here ends by silence. */
const IDLE_MS = 60_000;

for (const [provider, client] of Object.entries(CLIENTS))
  describe(`a text of ${provider}`, () => {
    const mock = mockProvider();
    let model: RemoteModel;

    staysQuiet();
    beforeEach(() => {
      const log = pino({ level: 'silent' });
      model = new RemoteModel({ client: client(mock().url), model: 'mock', idleMs: IDLE_MS, log });
    });
    afterEach(() => model.close());

    describe('cancelled', () => {
      const reason = new AbortedError('cancelled');

      it('before it began asks for nothing', async () => {
        expect(await rejected(write(model, 'mock', AbortSignal.abort(reason)), AbortedError)).to.equal(reason);
        expect(mock().counts().requests).to.equal(0);
      });

      it('by a reader that walks away closes the request', async () => {
        for await (const _ of model.generate(
          { ...PROMPT, model: 'mock-len12-hangmid' },
          { signal: new AbortController().signal },
        ))
          break;
        await mock().until(({ aborted }) => aborted === 1);
      });

      for (const [phase, name] of [
        ['in the prompt phase', 'mock-hang'],
        ['in mid-stream', 'mock-len2000-itl5'],
      ] as const)
        it(`${phase} closes the upstream request soon`, async function () {
          this.timeout(30_000);
          const times: number[] = [];
          for (let run = 1; run <= 40; run += 1) {
            const controller = new AbortController();
            let text = false;
            const running = rejected(
              write(model, name, controller.signal, () => {
                text = true;
              }),
              AbortedError,
            );
            await mock().until(
              ({ requests_open, tokens_sent }) =>
                requests_open === 1 && (name === 'mock-hang' || (text && tokens_sent > 3)),
            );
            const at = performance.timeOrigin + performance.now();
            controller.abort(reason);
            expect(await running).to.equal(reason);
            await mock().until(({ aborted, requests_open }) => aborted === run && requests_open === 0);
            times.push((mock().abortedAt.at(-1) ?? Number.NaN) - at);
          }
          const { p50, p99 } = percentiles(times);
          process.stdout.write(
            `      ${provider} ${phase}: closed after p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms\n`,
          );
          expect(p99).to.be.below(250);
        }).retries(MEASURED_AGAIN);
    });
  });
