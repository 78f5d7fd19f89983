import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Principal } from '../context.ts';
import type { Gateway } from '../gateway.ts';
import { bearerOf } from '../middleware/authenticate.ts';
import { problemOf } from '../middleware/problems.ts';
import { Problem } from '../problem.ts';
import { refuseConnection } from '../refuse-connection.ts';
import { isLoopback, refuseForeignPages } from '../same-site.ts';

const PATH = '/v1/ws';
const PROTOCOL = 'warren.v1';
const BASE = 'http://gateway';

/**
 * Turns requests for /v1/ws into sockets. All refusals come before the upgrade, as plain HTTP answers.
 * @param admit is told of each new socket; what it throws is a refusal too
 */
export class Upgrade {
  readonly #gateway: Gateway;
  readonly #server: WebSocketServer;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: gateway.limits.jsonBytes,
      perMessageDeflate: false,
      clientTracking: false,
      handleProtocols: () => PROTOCOL,
    });
  }

  handle(
    request: IncomingMessage,
    connection: Duplex,
    head: Buffer,
    admit: (principal: Principal) => void,
    opened: (socket: WebSocket, principal: Principal, requestId: string) => void,
  ): void {
    const requestId = randomUUID();
    connection.on('error', ignore); // a client that hangs up in mid-handshake
    try {
      const principal = this.#principalOf(request);
      admit(principal);
      this.#server.handleUpgrade(request, connection, head, (socket) => {
        connection.off('error', ignore);
        opened(socket, principal, requestId);
      });
    } catch (error) {
      refuseConnection(connection, problemOf(error), requestId);
    }
  }

  close(): void {
    this.#server.close();
  }

  /** @throws {Problem} not_found, draining, unauthenticated, forbidden, malformed_request */
  #principalOf(request: IncomingMessage): Principal {
    const target = request.url ?? '/';
    if (!URL.canParse(target, BASE)) throw new Problem('malformed_request', 'the address cannot be read');
    const url = new URL(target, BASE);
    if (url.pathname !== PATH) throw new Problem('not_found', `there is no WebSocket at ${url.pathname}`);
    if (this.#gateway.lifecycle.draining) throw new Problem('draining', 'this gateway is shutting down, connect again');
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (offered[0] !== '' && !offered.includes(PROTOCOL)) {
      throw new Problem('malformed_request', `this WebSocket speaks ${PROTOCOL} only`);
    }
    return this.#authenticate(request, url.searchParams);
  }

  #authenticate({ headers, socket }: IncomingMessage, query: URLSearchParams): Principal {
    const { keyring, tickets } = this.#gateway;
    const ticket = query.get('ticket');
    if (ticket !== null) {
      const principal = tickets.redeem(ticket);
      if (principal === undefined) throw new Problem('unauthenticated', 'the ticket is not valid (any more)');
      return principal;
    }
    const key = query.get('key');
    if (key !== null && headers.authorization === undefined) {
      if (!isLoopback(socket.remoteAddress ?? '')) {
        throw new Problem('unauthenticated', '?key= works on loopback only; get a ticket from POST /v1/tickets');
      }
      refuseForeignPages(headers);
      return bearerOf(keyring, `Bearer ${key}`);
    }
    if (keyring.open) refuseForeignPages(headers);
    return bearerOf(keyring, headers.authorization ?? '');
  }
}

const ignore = (): void => undefined;
