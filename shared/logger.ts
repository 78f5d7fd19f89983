import pino, { type DestinationStream, type Logger } from 'pino';

const SECRETS = [
  'key',
  'password',
  'secret',
  'token',
  'authorization',
  'url',
  'amqpUrl',
  'databaseUrl',
  'managementUrl',
  'hfToken',
  'openaiApiKey',
];

/** JSON lines on stdout; what could hold a secret is never written. */
export const createLogger = (service: string, level: string, destination?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
