import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy in front of a broker, with a knife. */
export interface Proxy {
  /** The broker's URL, by way of the proxy. */
  readonly url: string;
  /** Breaks all connections without a good-bye; new ones are let through. */
  cut(): void;
  /** Breaks all connections and lets none through until `heal`. */
  sever(): void;
  /** Passes nothing on, in either direction, and keeps the connections: as if the network swallowed everything. */
  freeze(): void;
  heal(): void;
  /** Says to all clients, in the broker's name, that it takes nothing from publishers. */
  tellBlocked(reason: string): void;
  tellUnblocked(): void;
  close(): Promise<void>;
}

const CONNECTION_CLASS = 10;
const BLOCKED = 60;
const UNBLOCKED = 61;
const METHOD_FRAME = 1;
const FRAME_END = 0xce;

/** A method frame of AMQP 0-9-1 on channel 0. */
function frame(method: number, args: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(11);
  head.writeUInt8(METHOD_FRAME, 0);
  head.writeUInt32BE(4 + args.length, 3);
  head.writeUInt16BE(CONNECTION_CLASS, 7);
  head.writeUInt16BE(method, 9);
  return Buffer.concat([head, args, Buffer.from([FRAME_END])]);
}

export async function startProxy(amqpUrl: string): Promise<Proxy> {
  const target = new URL(amqpUrl);
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  let severed = false;
  let frozen = false;

  const server = createServer((client) => {
    if (severed) return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    clients.add(client);
    client.once('close', () => clients.delete(client));
    join(client, upstream);
    join(upstream, client);
  });

  const join = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.setNoDelay(true);
    if (frozen) from.pause();
    from.on('data', (data) => to.write(data));
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };

  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(amqpUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.toString(),
    cut,
    sever: () => {
      severed = true;
      cut();
    },
    freeze: () => {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    heal: () => {
      severed = false;
      frozen = false;
      for (const socket of sockets) socket.resume();
    },
    // Between two frames only: call these while the connections are quiet.
    tellBlocked: (reason) => {
      const text = Buffer.from(reason);
      for (const client of clients) client.write(frame(BLOCKED, Buffer.concat([Buffer.from([text.length]), text])));
    },
    tellUnblocked: () => {
      for (const client of clients) client.write(frame(UNBLOCKED));
    },
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
