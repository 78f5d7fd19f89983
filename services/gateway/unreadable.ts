import { randomUUID } from 'node:crypto';
import { maxHeaderSize, type Server } from 'node:http';
import type { Logger } from 'pino';
import type { OwedAnswers } from './owed-answers.ts';
import { Problem } from './problem.ts';
import { refuseConnection } from './refuse-connection.ts';

/** What Node says of bytes that are no request, or not in time; `reason` is the parser's. */
interface Unreadable extends Error {
  readonly code?: string;
  readonly reason?: string;
}

/** Refuses what never becomes a request in the same form as everything else; Node's own answers have no body. */
export function refuseUnreadable(server: Server, owed: OwedAnswers, log: Logger): void {
  server.on('clientError', (error: Unreadable, connection) => {
    if (!connection.writable || owed.midway(connection)) {
      connection.destroy();
      return;
    }
    const requestId = randomUUID();
    log.debug({ err: error, request_id: requestId }, 'a request could not be read');
    refuseConnection(connection, problemOf(error), requestId);
  });
  server.on('connect', (_request, connection) => {
    connection.on('error', ignore); // a client that hangs up meanwhile
    refuseConnection(
      connection,
      new Problem('method_not_allowed', 'this is no proxy: there is no CONNECT'),
      randomUUID(),
    );
  });
}

function problemOf(error: Unreadable): Problem {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headers_too_large', `the headers may have ${maxHeaderSize} bytes at most`, { cause: error });
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem('payload_too_large', 'the extensions of the chunks are too large', { cause: error });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request_timeout', 'the request did not come whole in time', { cause: error });
    default:
      return new Problem('malformed_request', `this cannot be read as HTTP: ${error.reason ?? error.message}`, {
        cause: error,
      });
  }
}

const ignore = (): void => undefined;
