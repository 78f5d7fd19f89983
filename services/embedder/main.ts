import { exitOnConfigError, loadConfig } from '../../shared/config/config.ts';
import { createLogger } from '../../shared/logger.ts';
import { measureProcess } from '../../shared/metrics/metrics.ts';
import { runWorker } from '../../shared/worker.ts';
import { embedTexts } from './embed-texts.ts';
import { chooseEmbeddingModel } from './models/choose.ts';

const config = loadConfig('embedder');
const log = createLogger(config.service, config.logLevel);
measureProcess(config.service);

const model = exitOnConfigError(() => chooseEmbeddingModel(config, log));

await runWorker({
  service: 'embedder',
  config,
  log,
  concurrency: config.embedConcurrency,
  handlers: [embedTexts(model)],
  models: [model.name],
  breakers: () => model.breakers(),
  warmUp: () => model.warmUp(),
  close: () => model.close(),
});
