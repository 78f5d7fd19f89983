export const START_HELP = `Usage: npm start -- [options] [PATH...]

Starts everything: a broker, a database and the four services. Then, as a demonstration, it indexes documents, asks one
question about them and streams the answer with its citations. It stays until Ctrl-C, which drains and stops it all.

  PATH...            files or folders to index (.txt, .md, .html); without any: the project's own documentation
  --question "..."   the question to ask
  --collection NAME  the collection to index into (default: docs, or the name of the first path)
  --no-demo          start only
  -h, --help         this text

Settings (environment):
  PORT          port of the gateway (8000); 0 picks a free one
  DATA_DIR      folder that keeps all data, logs and run.json (.data)
  AMQP_URL      use this RabbitMQ instead of a private one; MANAGEMENT_URL names its management API
  DATABASE_URL  use this Postgres with pgvector instead of the embedded database
  API_KEYS      name:key[:admin], comma-separated; without any the gateway listens on loopback only

While it runs: npm run status shows its health, npm run replay lists and replays dead letters.`;

export const TEST_HELP = `Usage: npm test -- [mocha options] [FILE...]

Builds, starts a private broker on free ports, runs the tests and stops the broker.

  npm test -- --spec test/bus/lanes.test.ts     one file
  npm test -- --grep "dead letter"              by name

Settings (environment):
  WARREN_TEST_AMQP_URL, WARREN_TEST_MANAGEMENT_URL   use this broker, start none
  WARREN_TEST_BROKER=container                       take the broker from a container engine (testcontainers)
  WARREN_TEST_BROKER_IMAGE                           its image (rabbitmq:4-management)
  WARREN_TEST_BROKER_NETWORK=host                    no mapped ports: free ones of this machine's loopback
  DATABASE_URL                                       run the store's tests on this Postgres, too`;

export const STATUS_HELP = `Usage: npm run status -- [--json]

Shows what a running Warren consists of, where it is and how it feels. DATA_DIR (.data) says which one.
Exit code: 0 healthy, 1 running but not healthy, 3 not running.`;

export const SERVICE_HELP = `Usage: npm run gateway | embedder | generator | rag-orchestrator

Runs one service by its environment alone; AMQP_URL must be set, and DATABASE_URL for gateway and rag-orchestrator.
A service that finds settings wrong or missing names them all and exits with 2.`;

export const USAGE = `Usage: npm start | npm test | npm run status | npm run replay | npm run gateway | npm run embedder
       npm run generator | npm run rag-orchestrator | npm run migrate | npm run eval | npm run chaos | npm run load
       npm run bench | npm run test:brokers | npm run test:compose | npx warren

What to pass on goes behind two dashes: npm start -- --help`;
