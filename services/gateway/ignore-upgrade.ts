import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { OwedAnswers } from './owed-answers.ts';

/** Whether a request wants to become a WebSocket: the only protocol that is spoken here beside HTTP. */
export const asksForWebSocket = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.trim().toLowerCase() === 'websocket';

/**
 * Has a request answered as if it had no `Upgrade`, which a server may ignore (RFC 9110, 7.8). Where anybody listens for
 * upgrades, Node takes such a request out of HTTP, its body unread. So its head goes back in front of what follows it,
 * without that header, and the server gets the connection as a new one, which `emit('connection')` is documented for.
 * `shouldUpgradeCallback` would do, but Node has it from 24.9 on only, and then loses a request that came right behind.
 */
export async function ignoreUpgrade(
  server: Server,
  owed: OwedAnswers,
  request: IncomingMessage,
  head: Buffer,
): Promise<void> {
  const { socket } = request;
  socket.unshift(Buffer.concat([headOf(request), head]));
  await allSent(owed, socket);
  if (socket.destroyed || socket.writableEnded) return;
  socket.setTimeout(0); // what the last answer has set
  server.emit('connection', socket);
}

/** Answers to requests before this one are still on their way through what Node knew of the connection. */
async function allSent(owed: OwedAnswers, socket: Socket): Promise<void> {
  socket.on('error', ignore); // Node listens no more, and not yet again
  try {
    await owed.sent(socket);
  } finally {
    socket.off('error', ignore);
  }
}

/** The request line and all headers but one, byte by byte as they came: Node reads them as latin1. */
function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    if (name.toLowerCase() !== 'upgrade') lines.push(`${name}:${value}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

const ignore = (): void => undefined;
