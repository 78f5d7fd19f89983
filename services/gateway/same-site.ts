import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.ts';

const LOOPBACK = /^(localhost|(::ffff:)?127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Whether a host name or address is this machine's own. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

const hostname = (host: string): string => host.replace(/:\d+$/, '');

/**
 * Keeps web pages of other sites away from a gateway that a browser reaches without a header of its own making: no key is
 * configured, or the key travels in the address. Without this any page could use the gateway of whoever visits it,
 * by a plain form, a WebSocket, or a host name that it points at 127.0.0.1.
 * @throws {Problem} forbidden
 */
export function refuseForeignPages(headers: IncomingHttpHeaders): void {
  const host = hostname(headers.host ?? '');
  if (!isLoopback(host)) {
    throw new Problem('forbidden', `without API_KEYS this gateway answers on loopback only, not as "${host}"`);
  }
  if (headers.origin !== undefined && !isOwnPage(headers.origin)) {
    throw new Problem('forbidden', 'pages of other sites may not use this gateway');
  }
}

function isOwnPage(origin: string): boolean {
  return URL.canParse(origin) && isLoopback(new URL(origin).hostname);
}
