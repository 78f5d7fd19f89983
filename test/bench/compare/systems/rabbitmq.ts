import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { withCredentials } from '../../../../infra/start/broker/broker.ts';
import { startNativeBroker } from '../../../../infra/start/broker/native-broker.ts';
import { endAtExit } from '../machine/at-exit.ts';
import type { Place } from './system.ts';

export interface RabbitMq {
  readonly amqpUrl: string;
  /** With credentials in it. */
  readonly managementUrl: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A RabbitMQ of its own, as Warren's start runs one; its data goes with the folder. */
export async function startRabbitMq({ debian, folder, say }: Place): Promise<RabbitMq> {
  const data = join(folder, 'broker');
  mkdirSync(data, { mode: 0o700 });
  const broker = await startNativeBroker(data, debian.tools, say);
  const letGo = endAtExit(() => broker.kill());
  return {
    amqpUrl: broker.amqpUrl,
    managementUrl: withCredentials(broker.managementUrl, broker.user, broker.password),
    pid: broker.pid ?? 0,
    async stop() {
      letGo();
      broker.kill(); // nobody needs its data any more
      await broker.stop();
    },
  };
}
