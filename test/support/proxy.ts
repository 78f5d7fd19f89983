import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { blockedFrame, FrameFollower, impossibleAck, unblockedFrame } from './amqp-frames.ts';

/** A TCP proxy in front of something, with a knife. */
export interface Proxy {
  /** The URL of what lies behind, by way of the proxy. */
  readonly url: string;
  /** Breaks all connections without a good-bye; new ones are let through. */
  cut(): void;
  /** Breaks all connections and lets none through until `heal`. */
  sever(): void;
  /** Passes nothing on, in either direction, and keeps the connections: as if the network swallowed everything. */
  freeze(): void;
  /** Passes everything on so many milliseconds later, in both directions, until `heal`. */
  slow(ms: number): void;
  heal(): void;
  /** To a broker: makes it close every channel of every connection, with an error. Resolves to how many it was asked to. */
  breakChannels(): number;
  /** Says to all clients, in a broker's name, that it takes nothing from publishers. */
  tellBlocked(reason: string): void;
  tellUnblocked(): void;
  close(): Promise<void>;
}

interface PipeOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly delayMs: () => number;
  readonly frozen: () => boolean;
  /** Of a client that speaks AMQP. */
  readonly frames?: FrameFollower;
}

/** What passes one way through one connection. */
class Pipe {
  readonly #options: PipeOptions;
  #insertion: Buffer | undefined;
  /** What is on its way with a delay: what comes later must not overtake it. */
  #late = 0;
  #latest = Promise.resolve();

  constructor(options: PipeOptions) {
    this.#options = options;
    const { from, to } = options;
    from.setNoDelay(true);
    from.on('data', (data) => this.#pass(data));
    from.on('end', () => this.#after(() => to.end()));
    from.on('close', (broken) => (broken ? to.destroy() : this.#after(() => to.end())));
    from.on('error', () => {});
    if (options.frozen()) from.pause();
  }

  get channels(): readonly number[] {
    return this.#options.frames?.channels ?? [];
  }

  /** Puts whole frames between two of the client's own, now or as soon as one ends. */
  insert(frames: Buffer): void {
    if (this.#options.frames?.between) this.#after(() => this.#write(frames));
    else this.#insertion = frames;
  }

  #pass(data: Buffer): void {
    const end = this.#options.frames?.follow(data);
    const insertion = end === undefined ? undefined : this.#insertion;
    if (insertion !== undefined) this.#insertion = undefined;
    const all = insertion === undefined ? data : Buffer.concat([data.subarray(0, end), insertion, data.subarray(end)]);
    this.#after(() => this.#write(all));
  }

  #after(act: () => void): void {
    const ms = this.#options.delayMs();
    if (ms === 0 && this.#late === 0) {
      act();
      return;
    }
    this.#late += 1;
    const due = new Promise((resolve) => setTimeout(resolve, ms));
    this.#latest = this.#latest
      .then(() => due)
      .then(() => {
        this.#late -= 1;
        act();
      });
  }

  #write(data: Buffer): void {
    const { from, to, frozen } = this.#options;
    if (to.destroyed || to.writableEnded || to.write(data)) return;
    from.pause();
    to.once('drain', () => {
      if (!frozen()) from.resume();
    });
  }
}

export async function startProxy(targetUrl: string): Promise<Proxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  const clients = new Map<Socket, Pipe>();
  const speaksAmqp = target.protocol.startsWith('amqp');
  let severed = false;
  let frozen = false;
  let delayMs = 0;

  const server = createServer((client) => {
    if (severed) return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    const state = { delayMs: () => delayMs, frozen: () => frozen };
    const frames = speaksAmqp ? { frames: new FrameFollower() } : {};
    clients.set(client, new Pipe({ from: client, to: upstream, ...state, ...frames }));
    client.once('close', () => clients.delete(client));
    new Pipe({ from: upstream, to: client, ...state });
  });

  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(targetUrl);
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
    slow: (ms) => {
      delayMs = ms;
    },
    heal: () => {
      severed = false;
      frozen = false;
      delayMs = 0;
      for (const socket of sockets) socket.resume();
    },
    breakChannels: () => {
      let asked = 0;
      for (const pipe of clients.values()) {
        const { channels } = pipe;
        if (channels.length > 0) pipe.insert(Buffer.concat(channels.map(impossibleAck)));
        asked += channels.length;
      }
      return asked;
    },
    // Between two frames only: call these while the connections are quiet.
    tellBlocked: (reason) => {
      for (const client of clients.keys()) client.write(blockedFrame(reason));
    },
    tellUnblocked: () => {
      for (const client of clients.keys()) client.write(unblockedFrame());
    },
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
