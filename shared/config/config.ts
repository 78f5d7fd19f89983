import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { z } from 'zod';
import { providerProblems } from './provider-problems.ts';
import { Settings, WorkerSettings } from './settings.ts';

/** Services that are functions from command to event and never touch the database. */
const WORKERS: ReadonlySet<string> = new Set(['embedder', 'generator']);

/** The settings of one process, as the rest of the code names them. */
export type Config = ReturnType<typeof named>;

/** Some settings are wrong or missing; the message names every one of them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads every setting from the environment. `NAME_FILE` may name a file that holds the value (secrets).
 * @throws {ConfigError} naming all wrong and missing settings at once
 */
export function parseConfig(service: string, env: NodeJS.ProcessEnv): Config {
  const values = withFiles(env);
  const parsed = (WORKERS.has(service) ? WorkerSettings : Settings).safeParse(values);
  const issues = (parsed.error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0] ?? '');
    const missing = !env[name] && !env[`${name}_FILE`];
    return `  ${name}: ${missing ? 'is not set' : issue.message}`;
  });
  const problems = [...issues, ...providerProblems(service, values).map((problem) => `  ${problem}`)];
  if (parsed.success && problems.length === 0) return named(service, parsed.data);
  throw new ConfigError(`${service} cannot start, these settings need mending:\n${problems.join('\n')}`);
}

/** As `parseConfig`, for the top of a main. */
export const loadConfig = (service: string): Config => exitOnConfigError(() => parseConfig(service, process.env));

/** Ends the process with 2 and the problems in words when `make` throws ConfigError. */
export function exitOnConfigError<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

function withFiles(env: NodeJS.ProcessEnv): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of Object.keys(Settings.shape)) {
    const value = env[name];
    const file = env[`${name}_FILE`];
    if (value !== undefined && value !== '') values[name] = value;
    else if (file !== undefined && file !== '') {
      const secret = secretFrom(file, name);
      if (secret !== '') values[name] = secret;
    }
  }
  return values;
}

function secretFrom(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(`  ${name}_FILE: cannot read ${file} (${(error as Error).message})`);
  }
}

const named = (service: string, s: z.output<typeof Settings>) => ({
  service,
  /** Names this process among its kind. */
  instance: `${service}-${hostname()}-${process.pid}`,
  amqpUrl: s.AMQP_URL,
  managementUrl: s.MANAGEMENT_URL,
  /** Empty for embedder and generator, which have no database. */
  databaseUrl: s.DATABASE_URL,
  databasePool: s.DATABASE_POOL,
  /** Without keys the gateway must not be reachable from elsewhere. */
  host: s.API_KEYS.length === 0 ? '127.0.0.1' : (s.HOST ?? '0.0.0.0'),
  port: s.PORT,
  healthPort: s.HEALTH_PORT,
  healthHost: s.HEALTH_HOST,
  apiKeys: s.API_KEYS,
  ticketSecret: s.TICKET_SECRET,
  partitions: s.PARTITIONS,
  keyShare: s.KEY_SHARE,
  keyLimits: s.KEY_LIMITS,
  bounds: { lane: s.MAX_LANE_MESSAGES, journal: s.MAX_JOURNAL_MESSAGES },
  pool: s.POOL,
  routes: s.ROUTES,
  embedder: s.EMBEDDER,
  generator: s.GENERATOR,
  embeddingModel: s.EMBEDDING_MODEL,
  generationModel: s.GENERATION_MODEL,
  generationContext: s.GENERATION_CONTEXT,
  ranker: s.RANKER ?? [],
  rankingModel: s.RANKING_MODEL,
  ollamaHost: s.OLLAMA_HOST,
  hfToken: s.HF_TOKEN,
  hfEndpointUrl: s.HF_ENDPOINT_URL,
  openaiBaseUrl: s.OPENAI_BASE_URL,
  openaiApiKey: s.OPENAI_API_KEY,
  embeddingUrl: s.EMBEDDING_URL,
  rankingUrl: s.RANKING_URL,
  localModelDir: s.LOCAL_MODEL_DIR,
  embedConcurrency: s.EMBED_CONCURRENCY,
  generateConcurrency: s.GENERATE_CONCURRENCY,
  retrieveConcurrency: s.RETRIEVE_CONCURRENCY,
  providerIdleMs: s.PROVIDER_IDLE_MS,
  vectorIndexThreshold: s.VECTOR_INDEX_THRESHOLD,
  resultTtlS: s.RESULT_TTL,
  jobTtlS: s.JOB_TTL,
  rollbackTtlS: s.ROLLBACK_TTL,
  dataDir: s.DATA_DIR,
  logLevel: s.LOG_LEVEL,
});
