import { Command, InvalidArgumentError } from 'commander';
import { startMockProvider } from '../../infra/mock-provider/start-mock-provider.ts';
import { startWarren } from '../support/warren.ts';
import { burst } from './burst.ts';
import { type Finding, table } from './finding.ts';
import { growth } from './growth.ts';
import type { Scenario } from './scenario.ts';
import { slowReaders } from './slow-readers.ts';
import { soak } from './soak.ts';
import { sockets } from './sockets.ts';

const SCENARIOS: readonly Scenario[] = [burst, sockets, slowReaders, growth, soak];

const program = new Command('npm run load --')
  .description(
    'Drives a whole Warren of its own to its limits, and says what held. Exits with 1 when something did not.',
  )
  .argument('<scenario...>', SCENARIOS.map(({ name, about }) => `\n  ${name}: ${about}`).join(''), scenarioOf, [])
  .option('--minutes <n>', 'length of the soak', Number, 30)
  .parse();

const say = (line: string): void => void process.stderr.write(`  ${line}\n`);

let failed = false;
for (const scenario of program.processedArgs[0] as Scenario[]) {
  const findings = await play(scenario, program.opts<{ minutes: number }>().minutes);
  process.stdout.write(`\n${scenario.name}: ${scenario.about}\n${table(findings)}\n`);
  failed ||= findings.some(({ ok }) => !ok);
}
process.exit(failed ? 1 : 0);

/** On a system of its own, so that none has to suffer from what came before. */
async function play(scenario: Scenario, minutes: number): Promise<readonly Finding[]> {
  const provider = await startMockProvider();
  try {
    const warren = await startWarren({
      EMBEDDER: 'openai',
      GENERATOR: 'ollama',
      OPENAI_BASE_URL: provider.url,
      OLLAMA_HOST: provider.url,
      EMBEDDING_MODEL: 'mock-embed',
      GENERATION_MODEL: 'mock-len20',
      LOG_LEVEL: 'warn',
      ...scenario.env,
    });
    try {
      return await scenario.run({ warren, provider, minutes, say });
    } finally {
      await warren.stop();
    }
  } finally {
    await provider.stop();
  }
}

function scenarioOf(name: string, before: readonly Scenario[]): Scenario[] {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) throw new InvalidArgumentError(`there is ${SCENARIOS.map((each) => each.name).join(', ')}`);
  return [...before, found];
}
