import type { Logger } from 'pino';
import { collectionDefaults } from '../../shared/config/collection-defaults.ts';
import type { Config } from '../../shared/config/config.ts';
import type { Database, Queryable } from '../../shared/store/database.ts';
import { Congestion } from './accept/congestion.ts';
import { Newborns } from './accept/newborns.ts';
import { Quotas } from './accept/quotas.ts';
import { AfterResponse } from './after-response.ts';
import { Fleet } from './fleet.ts';
import { impatient } from './impatient.ts';
import { Keyring } from './keyring.ts';
import { Lifecycle } from './lifecycle.ts';
import { LIMITS, type Limits } from './limits.ts';
import { Hub } from './live/hub.ts';
import type { GatewayBus } from './ports.ts';
import { Tickets, ticketSecret } from './tickets.ts';

type CollectionDefaults = ReturnType<typeof collectionDefaults>;

/** Everything that routes and sockets work with. */
export interface Gateway {
  readonly bus: GatewayBus;
  readonly db: Database;
  /** The database for reading. */
  readonly reads: Queryable;
  readonly log: Logger;
  readonly limits: Limits;
  readonly lifecycle: Lifecycle;
  readonly keyring: Keyring;
  readonly tickets: Tickets;
  readonly hub: Hub;
  readonly fleet: Fleet;
  readonly afterResponse: AfterResponse;
  readonly newborns: Newborns;
  readonly quotas: Quotas;
  readonly congestion: Congestion;
  /** Settings of collections that name none. */
  readonly collectionDefaults: CollectionDefaults;
  /** How long the former vectors of a re-embedded collection are kept. */
  readonly rollbackTtlS: number;
}

interface Needs {
  readonly bus: GatewayBus;
  readonly db: Database;
  readonly log: Logger;
  readonly config: Pick<
    Config,
    'apiKeys' | 'ticketSecret' | 'embeddingModel' | 'keyLimits' | 'bounds' | 'rollbackTtlS'
  >;
  readonly limits?: Partial<Limits>;
}

export function createGateway({ bus, db, log, config, limits: narrowed }: Needs): Gateway {
  const limits = { ...LIMITS, ...narrowed };
  const keyring = new Keyring(config.apiKeys);
  const reads = impatient(db, limits.readMs);
  const newborns = new Newborns();
  return {
    bus,
    db,
    reads,
    log,
    limits,
    lifecycle: new Lifecycle(),
    keyring,
    tickets: new Tickets(ticketSecret(config.ticketSecret, config.apiKeys), keyring),
    hub: new Hub(),
    fleet: new Fleet(),
    afterResponse: new AfterResponse(log),
    newborns,
    quotas: new Quotas({ db: reads, newborns, limits: config.keyLimits }),
    congestion: new Congestion(bus, config.bounds),
    collectionDefaults: collectionDefaults(config),
    rollbackTtlS: config.rollbackTtlS,
  };
}
