import { exitOnConfigError, loadConfig } from '../../shared/config/config.ts';
import { createLogger } from '../../shared/logger.ts';
import { measureProcess } from '../../shared/metrics/metrics.ts';
import { runWorker } from '../../shared/worker.ts';
import { embedTexts } from './embed-texts.ts';
import { chooseEmbeddingModel } from './models/choose.ts';
import { chooseRanker } from './models/rankers/choose.ts';
import { rankPassages } from './rank-passages.ts';
import { embedderSlots } from './slots.ts';

const config = loadConfig('embedder');
const log = createLogger(config.service, config.logLevel);
measureProcess(config.service);

const { model, ranker } = exitOnConfigError(() => ({
  model: chooseEmbeddingModel(config, log),
  ranker: chooseRanker(config, log),
}));

/** A ranker that does not answer yet keeps nobody waiting: answers go without ranks. */
function warmUpRanker(): void {
  ranker?.warmUp().catch((error: Error) => log.warn({ why: error.message }, 'the ranker has not answered yet'));
}

await runWorker({
  service: 'embedder',
  config,
  log,
  ...embedderSlots(config.embedConcurrency.all),
  handlers: [
    embedTexts(model, { calls: config.embedConcurrency.all }),
    ...(ranker === undefined ? [] : [rankPassages(ranker)]),
  ],
  models: [model.name, ...(ranker === undefined ? [] : [ranker.model])],
  breakers: () => ({ ...model.breakers(), ...ranker?.breakers() }),
  warmUp: () => {
    warmUpRanker();
    return model.warmUp();
  },
  close: async () => {
    ranker?.close();
    await model.close();
  },
});
