import type { Logger } from 'pino';
import { type Config, ConfigError } from '../../../../shared/config/config.ts';
import { OPENAI_URL } from '../../../../shared/resilience/endpoint.ts';
import { RankerChain } from './chain.ts';
import { OpenAiRanking } from './openai.ts';
import type { Ranker } from './ranker.ts';
import type { RankingClient } from './ranking-client.ts';
import { RemoteRanker } from './remote-ranker.ts';
import { TeiRanking } from './tei.ts';

export type RankingSettings = Pick<
  Config,
  | 'ranker'
  | 'rankingModel'
  | 'rankingUrl'
  | 'hfToken'
  | 'hfEndpointUrl'
  | 'openaiBaseUrl'
  | 'openaiApiKey'
  | 'providerIdleMs'
>;

/** TEI has one model, and its requests name none. */
const UNNAMED = 'default';

function clientOf(provider: string, model: string, settings: RankingSettings): RankingClient {
  const { rankingUrl, hfToken, hfEndpointUrl, openaiBaseUrl, openaiApiKey } = settings;
  switch (provider) {
    case 'huggingface': {
      const url = rankingUrl ?? hfEndpointUrl;
      if (url === undefined) throw new ConfigError('RANKING_URL: give the address of the server that ranks');
      return new TeiRanking({ url, token: hfToken });
    }
    case 'openai':
      return new OpenAiRanking({ baseUrl: rankingUrl ?? openaiBaseUrl ?? OPENAI_URL, apiKey: openaiApiKey, model });
    default:
      throw new ConfigError(`RANKER: there is no provider "${provider}"`);
  }
}

/** The ranker that the settings ask for; undefined when they ask for none. @throws {ConfigError} when there is none like it */
export function chooseRanker(settings: RankingSettings, log: Logger): Ranker | undefined {
  const { ranker, rankingModel: model = UNNAMED, providerIdleMs: idleMs } = settings;
  const [first, ...rest] = ranker.map(
    (provider) => new RemoteRanker({ client: clientOf(provider, model, settings), model, idleMs, log }),
  );
  return first === undefined ? undefined : new RankerChain([first, ...rest], log);
}
