import { exitOnConfigError, loadConfig } from '../../shared/config/config.ts';
import { createLogger } from '../../shared/logger.ts';
import { measureProcess } from '../../shared/metrics/metrics.ts';
import { runWorker } from '../../shared/worker.ts';
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
  concurrency: config.generateConcurrency,
  handlers: [generateAnswer(chain)],
  models: chain.map(({ model }) => model),
  breakers: () => Object.assign({}, ...chain.map((model) => model.breakers())),
  /** A provider that is out now does not keep the service down: its breaker and the chain deal with that. */
  warmUp: async () => {
    await Promise.all(
      chain.map((model) =>
        model.warmUp().catch((error: Error) => log.warn({ err: error, provider: model.provider }, 'no warm-up')),
      ),
    );
  },
  close: async () => {
    for (const model of chain) model.close();
  },
});
