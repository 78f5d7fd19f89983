import { z } from 'zod';
import { amqpProblem } from '../amqp-addresses.ts';
import { concurrency } from './concurrency.ts';
import { DEFAULT_KEY_LIMITS, KeyLimitsByName } from './key-limits.ts';

const list = z
  .string()
  .transform((text) => text.split(',').map((item) => item.trim()))
  .pipe(z.array(z.string().min(1)).min(1));

const count = (fallback: number, { min = 0, max = 1_000_000 } = {}) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

const url = (...protocols: string[]) =>
  z.string().refine((text) => protocols.some((protocol) => text.startsWith(`${protocol}://`)), {
    error: `must begin with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
  });

const amqpUrl = z.string().superRefine((text, context) => {
  const problem = amqpProblem(text);
  if (problem !== undefined) context.addIssue(problem);
});

const databaseUrl = url('postgres', 'postgresql');

/** `name:key[:admin]`, comma-separated. */
const apiKeys = list.pipe(
  z.array(
    z
      .string()
      .regex(
        /^[A-Za-z0-9._-]{1,64}:[^:,\s]{8,}(:admin)?$/,
        'each must be name:key or name:key:admin, the key 8 characters or more',
      )
      .transform((entry) => {
        const [name = '', key = '', role] = entry.split(':');
        return { name, key, admin: role === 'admin' };
      }),
  ),
);

const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue('must be JSON');
    return z.NEVER;
  }
});

const REMOTE_PROVIDERS = ['ollama', 'huggingface', 'openai'];

/** Every setting there is, by its environment variable. A default makes it optional. */
export const Settings = z.object({
  /** Broker, e.g. amqp://user:password@host:5672/vhost; of a cluster the nodes, separated by commas. */
  AMQP_URL: amqpUrl,
  /** RabbitMQ management API with credentials; only `/v1/queues` uses it. */
  MANAGEMENT_URL: url('http', 'https').optional(),
  DATABASE_URL: databaseUrl,
  DATABASE_POOL: count(8, { min: 1, max: 200 }),
  HOST: z.string().optional(),
  PORT: count(8000, { max: 65_535 }),
  /** Where the services without a public port answer /livez, /readyz and /metrics; 0 takes any free port. */
  HEALTH_PORT: count(0, { max: 65_535 }),
  HEALTH_HOST: z.string().default('127.0.0.1'),
  API_KEYS: apiKeys.default([]),
  /** Signs WebSocket tickets; the same for all gateway replicas. Derived from API_KEYS when not set. */
  TICKET_SECRET: z.string().min(16).optional(),
  /** Journals; more than 1 only with more cores and orchestrators. The same for every process, never changed with jobs in flight. */
  PARTITIONS: count(1, { min: 1, max: 64 }),
  /**
   * Jobs of one key, type and priority under way at once, before further ones wait their turn. It grows with their pace:
   * quick jobs may have two seconds of work under way.
   */
  KEY_SHARE: count(64, { min: 1, max: 10_000 }),
  /** What keys may ask for, by name, `*` for all others, e.g. {"*":{"rate":100},"ann":{"in_flight":5000,"queued":1000}} */
  KEY_LIMITS: json.pipe(KeyLimitsByName).default(DEFAULT_KEY_LIMITS),
  /** The gateway refuses work (503) for a lane or journal in which so many messages wait. */
  MAX_LANE_MESSAGES: count(100_000, { min: 1 }),
  MAX_JOURNAL_MESSAGES: count(200_000, { min: 1 }),
  /** The pool this worker serves. */
  POOL: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .default('default'),
  /** Model patterns (`*` matches anything) to pools, e.g. {"llama3.3:70b*":"gpu"} */
  ROUTES: json.pipe(z.record(z.string(), z.string())).default({}),
  EMBEDDER: list.default(['local']),
  GENERATOR: list.default(['extractive']),
  EMBEDDING_MODEL: z.string().default('all-MiniLM-L6-v2'),
  GENERATION_MODEL: z.string().optional(),
  /** Tokens that a prompt from passages and its answer may have together; by default what the model's server says. */
  GENERATION_CONTEXT: z.coerce.number().int().min(512).max(100_000_000).optional(),
  /** Who sorts retrieved passages by how well they answer, first to last; nobody by default. */
  RANKER: list.optional(),
  RANKING_MODEL: z.string().optional(),
  OLLAMA_HOST: url('http', 'https').default('http://127.0.0.1:11434'),
  HF_TOKEN: z.string().optional(),
  /** An endpoint of one's own; without it Hugging Face's service is asked, which needs HF_TOKEN. */
  HF_ENDPOINT_URL: url('http', 'https').optional(),
  /** An OpenAI-compatible server, `/v1` included or not. */
  OPENAI_BASE_URL: url('http', 'https').optional(),
  OPENAI_API_KEY: z.string().optional(),
  /** Where `huggingface` and `openai` embed and rank, when that is another server than the one that writes. */
  EMBEDDING_URL: url('http', 'https').optional(),
  RANKING_URL: url('http', 'https').optional(),
  /** A folder with `model.onnx` and `tokenizer.json`: what the local embedder runs instead of its own model. */
  LOCAL_MODEL_DIR: z.string().optional(),
  /** Calls of an embedding model under way at once, of up to 64 texts each. */
  EMBED_CONCURRENCY: concurrency(2, REMOTE_PROVIDERS),
  /** Texts being written at once. */
  GENERATE_CONCURRENCY: concurrency(8, REMOTE_PROVIDERS),
  /** Commands an orchestrator carries out at once (splitting, retrieval). */
  RETRIEVE_CONCURRENCY: count(16, { min: 1, max: 1000 }),
  /** Longest silence of a provider's stream. */
  PROVIDER_IDLE_MS: count(60_000, { min: 100 }),
  /** Vectors of a collection above which a search uses an HNSW index (Postgres only). */
  VECTOR_INDEX_THRESHOLD: count(10_000, { min: 1, max: 10 ** 9 }),
  /** How long results of embed and search jobs are kept. */
  RESULT_TTL: count(3600, { min: 1, max: 10 ** 9 }),
  /** How long all other ended jobs are kept. */
  JOB_TTL: count(30 * 24 * 3600, { min: 1, max: 10 ** 9 }),
  /** How long a re-embedded collection keeps the vectors of its former model, to go back to. */
  ROLLBACK_TTL: count(24 * 3600, { min: 1, max: 10 ** 9 }),
  DATA_DIR: z.string().default('.data'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/** The settings of a service without a database: one set all the same does no harm. */
export const WorkerSettings = Settings.extend({ DATABASE_URL: z.string().default('') });
