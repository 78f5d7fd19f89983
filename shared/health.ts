import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { registry } from './metrics/metrics.ts';
import type { Part } from './service.ts';

/** State of each thing a service depends on; `ok` or what is wrong. */
export type Readiness = () => Promise<Record<string, string>> | Record<string, string>;

/** The small HTTP server of a service without a public port: /livez, /readyz and /metrics. */
export interface HealthPart extends Part {
  url(): string;
}

export function healthServer({
  host,
  port,
  readiness,
}: {
  host: string;
  port: number;
  readiness: Readiness;
}): HealthPart {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/livez') return answer(response, 200, { status: 'ok' });
    if (path === '/readyz') return void answerReady(response, readiness);
    if (path === '/metrics') return void answerMetrics(response);
    answer(response, 404, { status: 'not found' });
  });
  return {
    name: 'health',
    start: () => listen(server, port, host),
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
    url: () => `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answerReady(response: ServerResponse, readiness: Readiness): Promise<void> {
  try {
    const dependencies = await readiness();
    const ready = Object.values(dependencies).every((state) => state === 'ok');
    answer(response, ready ? 200 : 503, { status: ready ? 'ok' : 'unavailable', dependencies });
  } catch (error) {
    answer(response, 503, { status: 'unavailable', error: (error as Error).message });
  }
}

async function answerMetrics(response: ServerResponse): Promise<void> {
  const text = await registry.metrics();
  response.writeHead(200, { 'content-type': registry.contentType }).end(text);
}

const answer = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
