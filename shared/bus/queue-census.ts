import type { BrokerBusOptions } from './broker-bus.ts';
import { countQueues, listQueues, type QueueInfo } from './queues.ts';

const QUEUES_TIMEOUT_MS = 5_000;
/** Whoever waits for the numbers must not wait for a silent API each time. */
const ASK_AGAIN_MS = 30_000;

type CensusOptions = Pick<BrokerBusOptions, 'managementUrl' | 'url' | 'receiving' | 'topology' | 'log'>;

/**
 * Counts what lies in the queues. The management API knows more, but it may be away while the broker is not: in a
 * cluster its address is that of one node.
 */
export class QueueCensus {
  readonly #options: CensusOptions;
  #askManagementAt = 0;

  constructor(options: CensusOptions) {
    this.#options = options;
  }

  async count(): Promise<QueueInfo[]> {
    const { receiving, topology } = this.#options;
    return (
      (await this.#askManagement()) ??
      (await countQueues(receiving, topology.queues, AbortSignal.timeout(QUEUES_TIMEOUT_MS)))
    );
  }

  async #askManagement(): Promise<QueueInfo[] | undefined> {
    const { managementUrl, url, log } = this.#options;
    if (managementUrl === undefined || Date.now() < this.#askManagementAt) return undefined;
    try {
      return await listQueues(managementUrl, url);
    } catch (error) {
      this.#askManagementAt = Date.now() + ASK_AGAIN_MS;
      log.warn({ err: error }, 'the management API does not tell about the queues: the broker is asked instead');
      return undefined;
    }
  }
}
