import { expect } from 'chai';
import pino from 'pino';
import { RankerChain } from '../../services/embedder/models/rankers/chain.ts';
import { OpenAiRanking } from '../../services/embedder/models/rankers/openai.ts';
import type { RankingClient } from '../../services/embedder/models/rankers/ranking-client.ts';
import { RemoteRanker } from '../../services/embedder/models/rankers/remote-ranker.ts';
import { TeiRanking } from '../../services/embedder/models/rankers/tei.ts';
import { rankPassages } from '../../services/embedder/rank-passages.ts';
import { AbortedError } from '../../shared/bus/errors.ts';
import { PassagesRanked, RankPassages } from '../../shared/messages/ranking.ts';
import { mockProvider } from '../mock-provider/mock.ts';
import { fakeWork } from '../support/fake-work.ts';
import { rejected } from '../support/rejected.ts';
import { expectOutcome, idleOf, type Outcome, outage, retryable, terminal, WITHIN_MS, within } from './faults.ts';
import { nobodyThere } from './nobody-there.ts';
import { staysQuiet } from './quiet.ts';

const QUESTION = 'what do rabbits dig';
const TEXTS = ['queues wait for messages', 'rabbits dig warrens', 'the sun'];
const log = pino({ level: 'silent' });

const CLIENTS: Readonly<Record<string, (url: string, model: string) => RankingClient>> = {
  huggingface: (url, model) => new TeiRanking({ url: `${url}/m/${model}`, token: 'hf_secret0123' }),
  openai: (url, model) => new OpenAiRanking({ baseUrl: url, apiKey: 'sk-secret-0123456789', model }),
};

const FAULTS: Readonly<Record<string, Outcome>> = {
  '429-retry2': outage(/answered 429/, 2_000, 'provider_rate_limited'),
  '429': retryable(/answered 429/, 'provider_rate_limited'),
  '503': outage(/answered 503/, 1_000),
  '500': retryable(/answered 500/),
  '400': terminal(/answered 400/),
  '401': terminal(/answered 401/),
  '413': terminal(/answered 413/),
  '422': terminal(/answered 422/),
  '404': terminal(/answered 404/, 'model_not_found'),
  hang: retryable(/sent nothing for 200 ms/, 'provider_timeout'),
  hangmid: retryable(/sent nothing for 200 ms/, 'provider_timeout'),
  reset: outage(/: /, 1_000),
  'resetmid-times1': retryable(/: /),
  truncated: retryable(/: /),
  malformed: retryable(/: /),
};

for (const [provider, client] of Object.entries(CLIENTS))
  describe(`ranking with ${provider}`, () => {
    const mock = mockProvider();
    const opened: RemoteRanker[] = [];
    const open = (model: string, url = mock().url): RemoteRanker => {
      const ranker = new RemoteRanker({ client: client(url, model), model, idleMs: idleOf(model), log });
      opened.push(ranker);
      return ranker;
    };
    const never = new AbortController().signal;

    staysQuiet();
    afterEach(() => {
      for (const ranker of opened.splice(0)) ranker.close();
    });

    for (const [fault, outcome] of Object.entries(FAULTS))
      it(`${fault}: ${outcome.kind.name} ${outcome.code ?? ''}`, async () => {
        const ranking = open(`mock-rerank-${fault}`).rank(QUESTION, TEXTS, { signal: never });
        const error = await within(WITHIN_MS, rejected(ranking, Error));
        expectOutcome(error, outcome);
        expect(error).to.have.property('provider', provider);
        await mock().until(({ requests_open }) => requests_open === 0);
      });

    it('gives each text its score, in the order of the texts', async () => {
      const { scores, model } = await open('mock-rerank').rank(QUESTION, TEXTS, { signal: never });
      expect(scores).to.have.length(3);
      expect(scores.indexOf(Math.max(...scores))).to.equal(1);
      expect(model).to.equal('mock-rerank');
    });

    it('ranks more texts than a request takes', async () => {
      const texts = Array.from({ length: 150 }, (_, n) => (n === 140 ? 'rabbits dig warrens' : `text ${n}`));
      const { scores } = await open('mock-rerank').rank(QUESTION, texts, { signal: never });
      expect(scores.indexOf(Math.max(...scores))).to.equal(140);
    });

    it('closes the request of a job that is cancelled', async () => {
      const controller = new AbortController();
      const running = rejected(
        open('mock-rerank-hang').rank(QUESTION, TEXTS, { signal: controller.signal }),
        AbortedError,
      );
      await mock().until(({ requests_open }) => requests_open === 1);
      controller.abort(new AbortedError('cancelled'));
      await running;
      await mock().until(({ aborted, requests_open }) => aborted === 1 && requests_open === 0);
    });

    it('passages.rank: the next of a chain answers while the first is out', async () => {
      const chain = new RankerChain([open('mock-rerank', await nobodyThere()), open('mock-rerank')], log);
      const passages = TEXTS.map((text, n) => ({ id: `p${n}`, text }));
      const { event } = await rankPassages(chain).run(
        { question: QUESTION, passages },
        fakeWork(RankPassages.type).work,
      );
      const { scores = {} } = PassagesRanked.parse(event.body).body;
      expect(Object.keys(scores)).to.have.members(['p0', 'p1', 'p2']);
      expect(scores.p1).to.be.above(scores.p0 ?? 1);
    });

    it('passages.rank: nobody waits for a ranker that is out, or wants patience', async () => {
      const away = [open('mock-rerank', await nobodyThere()), open('mock-rerank-429-retry60'), open('mock-rerank-429')];
      for (const ranker of away) {
        const passages = TEXTS.map((text, n) => ({ id: `p${n}`, text }));
        const { work } = fakeWork(RankPassages.type);
        const { event } = await rankPassages(ranker).run({ question: QUESTION, passages }, work);
        expect(PassagesRanked.parse(event.body).body).to.include({ provider }).and.not.to.have.property('scores');
      }
    });
  });
