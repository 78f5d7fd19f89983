import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { listens } from '../../../../infra/start/broker/listens.ts';
import { freePorts } from '../../../../infra/start/broker/ports.ts';
import { INSIDE_ENV } from '../machine/debian.ts';
import { Part } from '../machine/part.ts';
import type { Place } from './system.ts';

/** A Redis that has on disk what it has confirmed. */
export interface Redis {
  readonly part: Part;
  readonly port: number;
  /** Sends a command whose answer is a number. */
  number(command: string): Promise<number>;
}

export async function startRedis({ debian, folder }: Place): Promise<Redis> {
  const [port = 0] = await freePorts([undefined]);
  const data = join(folder, 'redis');
  mkdirSync(data);
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: debian.inside(data),
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
  };
  const part = new Part({
    role: 'redis',
    command: debian.command(
      '/usr/bin/redis-server',
      ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ),
    env: INSIDE_ENV,
    log: join(folder, 'redis.log'),
  });
  await part.until(() => listens(port));
  return { part, port, number: (command) => ask(port, command) };
}

/** In the inline form of Redis's protocol, over a connection of its own. */
async function ask(port: number, command: string): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    socket.write(`${command}\r\n`);
    const [data] = (await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer];
    const found = /^:(\d+)/.exec(data.toString());
    if (found === null) throw new Error(`Redis answers ${command} with ${data}`);
    return Number(found[1]);
  } finally {
    socket.destroy();
  }
}
