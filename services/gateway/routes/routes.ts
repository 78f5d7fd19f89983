import type { Endpoint } from '../endpoint.ts';
import type { Gateway } from '../gateway.ts';
import { collectionRoutes } from './collections.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { docsFiles, docsRoutes } from './docs.ts';
import { documentRoutes } from './documents.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { jobRoutes } from './jobs.ts';
import { operationRoutes } from './operations.ts';
import { reembedRoutes } from './reembed.ts';
import { searchRoutes } from './search.ts';
import { sugarRoutes } from './sugar.ts';
import { ticketRoutes } from './tickets.ts';

/** Every route there is. What is described is what answers, and the other way round. */
export function routesOf(gateway: Gateway): readonly Endpoint[] {
  const described: readonly Endpoint[] = [
    ...jobRoutes(gateway),
    ...eventRoutes(gateway),
    ...sugarRoutes(gateway),
    ...searchRoutes(gateway),
    ...collectionRoutes(gateway),
    ...reembedRoutes(gateway),
    ...documentRoutes(gateway),
    ...ticketRoutes(gateway),
    ...deadLetterRoutes(gateway),
    ...operationRoutes(gateway),
    ...healthRoutes(gateway),
    ...docsRoutes(() => described),
  ];
  return [...described, ...docsFiles];
}
