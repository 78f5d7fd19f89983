import { createServer, type Server } from 'node:net';

/**
 * Below the range from which systems take source ports (32768 on Linux, 49152 on macOS): otherwise a client that
 * keeps dialling a broker that is down could be given the very port it dials, and would be talking to itself.
 */
const LOWEST = 20_000;
const HIGHEST = 31_999;
const TRIES = 200;

const listen = (port: number, host: string): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** Whether nobody listens on this port of this machine's loopback. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = await listen(port, host);
  if (server) await close(server);
  return server !== undefined;
}

const randomPort = (): number => LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));

async function hold(preferred: number | undefined): Promise<[number, Server]> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const port = attempt === 0 && preferred !== undefined ? preferred : randomPort();
    const server = await listen(port, '127.0.0.1');
    if (server) return [port, server];
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST} on 127.0.0.1 after ${TRIES} tries`);
}

/** One free loopback port for each entry, the entry itself when it is free; all different from each other. */
export async function freePorts(preferred: readonly (number | undefined)[]): Promise<number[]> {
  const held: [number, Server][] = [];
  try {
    for (const port of preferred) held.push(await hold(port));
    return held.map(([port]) => port);
  } finally {
    await Promise.all(held.map(([, server]) => close(server)));
  }
}
