import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Log, PrivateBroker } from './broker.ts';
import { findInstalled } from './installed.ts';
import { startNativeBroker } from './native-broker.ts';

export interface PrivateBrokerOptions {
  /** Folder that keeps the node's data below `broker/`; the same folder brings the same node back. */
  readonly dataDir: string;
  readonly log: Log;
}

/** Starts a RabbitMQ of our own on loopback; resolves when it is healthy. It ends with this process, however that ends. */
export async function startPrivateBroker({ dataDir, log }: PrivateBrokerOptions): Promise<PrivateBroker> {
  const folder = resolve(join(dataDir, 'broker'));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const tools = findInstalled(process.env);
  if (!tools) throw new Error('no RabbitMQ on this machine');
  return startNativeBroker(folder, tools, log);
}
