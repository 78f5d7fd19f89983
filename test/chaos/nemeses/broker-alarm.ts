import { setTimeout as sleep } from 'node:timers/promises';
import type { PrivateBroker } from '../../../infra/start/broker/broker.ts';
import { lasting, type Nemesis } from './nemesis.ts';

const ALARMS = {
  memory: { raise: ['set_vm_memory_high_watermark', '0.000001'], clear: ['set_vm_memory_high_watermark', '0.6'] },
  disk: { raise: ['set_disk_free_limit', '1000000GB'], clear: ['set_disk_free_limit', '200MB'] },
} as const;
const CLEAR_TRIES = 8;
const CLEAR_AGAIN_MS = 2_000;

export const brokerAlarm: Nemesis = {
  name: 'broker-alarm',
  about: 'memory or disk runs low in the broker: it blocks everybody who publishes',
  targets: () => Object.keys(ALARMS),
  draw: lasting(1_000, 6_000, 20_000),
  async strike(system, { target, forMs }) {
    const node = system.broker.node(system.layout.brokers[0] ?? '');
    const { raise, clear } = ALARMS[target as keyof typeof ALARMS];
    try {
      await node.control(raise);
      await sleep(forMs);
    } finally {
      await clearSurely(node, clear);
    }
  },
};

/** A broker that is just starting again has forgotten the alarm, but must be able to say so. */
async function clearSurely(node: PrivateBroker, clear: readonly string[]): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await node.control(clear);
      return;
    } catch (error) {
      if (tries === CLEAR_TRIES) throw error;
      await sleep(CLEAR_AGAIN_MS);
    }
  }
}
