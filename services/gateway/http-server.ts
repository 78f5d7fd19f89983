import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from './app.ts';
import type { Gateway } from './gateway.ts';
import { asksForWebSocket, ignoreUpgrade } from './ignore-upgrade.ts';
import { OwedAnswers } from './owed-answers.ts';
import { Sockets } from './socket/sockets.ts';
import { refuseUnreadable } from './unreadable.ts';

/** Longer than the idle timeouts of usual load balancers, so that they hang up first. */
const KEEP_ALIVE_MS = 65_000;
const LOOK_MS = 50;
/** Slow clients are looked for so often within the time they have. */
const CHECKS = 2;

/** The listening side of the gateway: HTTP and sockets on one port. */
export class HttpServer {
  readonly #gateway: Gateway;
  readonly #server: Server;
  readonly #sockets: Sockets;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    this.#sockets = new Sockets(gateway);
    const options = {
      headersTimeout: gateway.limits.headersMs,
      requestTimeout: gateway.limits.requestMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: gateway.limits.headersMs / CHECKS,
      requireHostHeader: false, // by `wellFormed`
      noDelay: true,
    };
    const answer = createApp(gateway).callback();
    const owed = new OwedAnswers();
    const take = (request: IncomingMessage, response: ServerResponse) => {
      owed.add(request.socket, response);
      void answer(request, response);
    };
    this.#server = createServer(options, take).on('checkExpectation', take);
    refuseUnreadable(this.#server, owed, gateway.log);
    // Of more headers than this Node would drop some, of which one may say where the body ends. Their size is bounded.
    this.#server.maxHeadersCount = 0;
    this.#server.on('upgrade', (request, connection, head) => {
      if (asksForWebSocket(request)) this.#sockets.take(request, connection, head);
      else void ignoreUpgrade(this.#server, owed, request, head);
    });
  }

  async listen(port: number, host: string): Promise<void> {
    this.#sockets.open();
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Where it can be reached from this machine. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    const everywhere = address === '0.0.0.0' || address === '::';
    const host = everywhere ? '127.0.0.1' : address.includes(':') ? `[${address}]` : address;
    return `http://${host}:${port}`;
  }

  /**
   * Drains: says it is not ready, ends streams and waits, sends sockets elsewhere, lets requests under way end for a
   * bounded time, and writes what is left to write after them.
   */
  async close(): Promise<void> {
    const { lifecycle, limits, afterResponse, log } = this.#gateway;
    lifecycle.drain();
    await this.#sockets.close(limits.drainMs);
    await this.#stopListening(limits.drainMs);
    const left = await afterResponse.drain(limits.drainMs);
    if (left > 0) log.warn({ left }, 'work after responses was left undone');
  }

  /** Connections without a request are closed as they fall idle, those with one after `timeoutMs`. */
  async #stopListening(timeoutMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const idle = setInterval(() => this.#server.closeIdleConnections(), LOOK_MS);
    const late = setTimeout(() => this.#server.closeAllConnections(), timeoutMs);
    try {
      await closed;
    } finally {
      clearInterval(idle);
      clearTimeout(late);
    }
  }
}
