import type { Bus } from '../../shared/bus/bus.ts';

/** What the gateway uses of the bus; tests that need a broker in a certain mood stand in for this much. */
export type GatewayBus = Pick<Bus, 'append' | 'cancelJob' | 'deadLetters' | 'health' | 'onPush' | 'queues'>;
