import { exitOnConfigError, loadConfig } from '../../shared/config/config.ts';
import { createLogger } from '../../shared/logger.ts';
import { measureProcess } from '../../shared/metrics/metrics.ts';
import { warmUpChain } from '../../shared/resilience/warm-up.ts';
import { runWorker } from '../../shared/worker.ts';
import { condenseQuestion } from './condense-question.ts';
import { generateAnswer } from './generate-answer.ts';
import { chooseLanguageModels } from './models/choose.ts';

const config = loadConfig('generator');
const log = createLogger(config.service, config.logLevel);
measureProcess(config.service);

const chain = exitOnConfigError(() => chooseLanguageModels(config, log));

await runWorker({
  service: 'generator',
  config,
  log,
  concurrency: config.generateConcurrency.all,
  handlers: [generateAnswer(chain), condenseQuestion(chain)],
  models: chain.map(({ model }) => model),
  breakers: () => Object.assign({}, ...chain.map((model) => model.breakers())),
  warmUp: () => warmUpChain(chain, log),
  close: async () => {
    for (const model of chain) model.close();
  },
});
