import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { metrics } from '../../../shared/metrics/metrics.ts';
import type { Principal } from '../context.ts';
import type { Gateway } from '../gateway.ts';
import { Problem } from '../problem.ts';
import { Session } from './session.ts';
import { Upgrade } from './upgrade.ts';

/** Clients come back spread over this time, so that the next gateway is not stormed. */
const RECONNECT_SPREAD_MS = 2_000;
const LOOK_MS = 25;

/** All open sockets of this gateway. */
export class Sockets {
  readonly #gateway: Gateway;
  readonly #upgrade: Upgrade;
  readonly #sessions = new Set<Session>();
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    this.#upgrade = new Upgrade(gateway);
  }

  open(): void {
    this.#heartbeat = setInterval(() => {
      for (const session of this.#sessions) session.beat();
    }, this.#gateway.limits.heartbeatMs);
  }

  /** Says goodbye to every client; those that have not left after `timeoutMs` are cut off. */
  async close(timeoutMs: number): Promise<void> {
    clearInterval(this.#heartbeat);
    for (const session of this.#sessions) session.goAway(Math.round(Math.random() * RECONNECT_SPREAD_MS));
    const end = Date.now() + timeoutMs;
    while (this.#sessions.size > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    for (const session of this.#sessions) session.terminate();
    this.#upgrade.close();
  }

  /** A request that wants to become a WebSocket. */
  take(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    this.#upgrade.handle(
      request,
      connection,
      head,
      (principal) => this.#refuseTooMany(principal),
      (socket, principal, requestId) => this.#opened(socket, principal, requestId),
    );
  }

  #refuseTooMany({ owner }: Principal): void {
    const most = this.#gateway.limits.socketsPerKey;
    let count = 0;
    for (const session of this.#sessions) if (session.owner === owner) count += 1;
    if (count >= most) throw new Problem('rate_limited', `at most ${most} sockets per key`);
  }

  #opened(socket: WebSocket, principal: Principal, requestId: string): void {
    const session = new Session(this.#gateway, socket, principal, requestId);
    this.#sessions.add(session);
    metrics.socketClients.set(this.#sessions.size);
    socket.once('close', (code) => {
      this.#sessions.delete(session);
      metrics.socketClients.set(this.#sessions.size);
      const line = { request_id: requestId, owner: principal.owner, code };
      this.#gateway.afterResponse.add(() => this.#gateway.log.info(line, 'socket closed'));
    });
  }
}
