import type { Logger } from 'pino';
import type { Config } from '../../shared/config/config.ts';
import type { Database } from '../../shared/store/database.ts';
import { AfterResponse } from './after-response.ts';
import { Fleet } from './fleet.ts';
import { Keyring } from './keyring.ts';
import { Lifecycle } from './lifecycle.ts';
import { LIMITS, type Limits } from './limits.ts';
import { Hub } from './live/hub.ts';
import type { GatewayBus } from './ports.ts';
import { Tickets, ticketSecret } from './tickets.ts';

/** Everything that routes and sockets work with. */
export interface Gateway {
  readonly bus: GatewayBus;
  readonly db: Database;
  readonly log: Logger;
  readonly limits: Limits;
  readonly lifecycle: Lifecycle;
  readonly keyring: Keyring;
  readonly tickets: Tickets;
  readonly hub: Hub;
  readonly fleet: Fleet;
  readonly afterResponse: AfterResponse;
  /** Model of collections that name none. */
  readonly embeddingModel: string;
}

interface Needs {
  readonly bus: GatewayBus;
  readonly db: Database;
  readonly log: Logger;
  readonly config: Pick<Config, 'apiKeys' | 'ticketSecret' | 'embeddingModel'>;
  readonly limits?: Partial<Limits>;
}

export function createGateway({ bus, db, log, config, limits }: Needs): Gateway {
  const keyring = new Keyring(config.apiKeys);
  return {
    bus,
    db,
    log,
    limits: { ...LIMITS, ...limits },
    lifecycle: new Lifecycle(),
    keyring,
    tickets: new Tickets(ticketSecret(config.ticketSecret, config.apiKeys), keyring),
    hub: new Hub(),
    fleet: new Fleet(),
    afterResponse: new AfterResponse(log),
    embeddingModel: config.embeddingModel,
  };
}
