const CONNECTION_CLASS = 10;
const BLOCKED = 60;
const UNBLOCKED = 61;
const BASIC_CLASS = 60;
const BASIC_ACK = 80;
const METHOD_FRAME = 1;
const FRAME_END = 0xce;
const FRAME_HEADER_BYTES = 7;
/** `AMQP0091`, with which a client begins. */
const GREETING_BYTES = 8;

interface Method {
  readonly channel: number;
  readonly class: number;
  readonly method: number;
  readonly args?: Buffer;
}

/** A method frame of AMQP 0-9-1. */
function frame({ channel, class: of, method, args = Buffer.alloc(0) }: Method): Buffer {
  const head = Buffer.alloc(11);
  head.writeUInt8(METHOD_FRAME, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(4 + args.length, 3);
  head.writeUInt16BE(of, 7);
  head.writeUInt16BE(method, 9);
  return Buffer.concat([head, args, Buffer.from([FRAME_END])]);
}

export function blockedFrame(reason: string): Buffer {
  const text = Buffer.from(reason);
  const args = Buffer.concat([Buffer.from([text.length]), text]);
  return frame({ channel: 0, class: CONNECTION_CLASS, method: BLOCKED, args });
}

export const unblockedFrame = (): Buffer => frame({ channel: 0, class: CONNECTION_CLASS, method: UNBLOCKED });

/** Acks a delivery that never was: the broker closes the channel with 406 and leaves the connection alone. */
export function impossibleAck(channel: number): Buffer {
  const args = Buffer.alloc(9);
  args.writeBigUInt64BE(2n ** 40n, 0);
  return frame({ channel, class: BASIC_CLASS, method: BASIC_ACK, args });
}

/** Follows what a client sends, to know where one frame ends and which channels are in use. */
export class FrameFollower {
  readonly #channels = new Set<number>();
  #greeting = GREETING_BYTES;
  #head = Buffer.alloc(0);
  #left = 0;

  /** Channels that frames were seen on, 0 (the connection's own) left out. */
  get channels(): readonly number[] {
    return [...this.#channels];
  }

  /** The next byte begins a frame. */
  get between(): boolean {
    return this.#greeting === 0 && this.#left === 0 && this.#head.length === 0;
  }

  /** @returns where in the chunk a frame ended first; undefined when none did */
  follow(chunk: Buffer): number | undefined {
    let at = Math.min(this.#greeting, chunk.length);
    this.#greeting -= at;
    let firstEnd: number | undefined;
    while (at < chunk.length) {
      at = this.#left > 0 ? this.#passBody(chunk, at) : this.#passHead(chunk, at);
      if (this.between) firstEnd ??= at;
    }
    return firstEnd;
  }

  #passBody(chunk: Buffer, at: number): number {
    const passed = Math.min(this.#left, chunk.length - at);
    this.#left -= passed;
    return at + passed;
  }

  #passHead(chunk: Buffer, at: number): number {
    const passed = Math.min(FRAME_HEADER_BYTES - this.#head.length, chunk.length - at);
    this.#head = Buffer.concat([this.#head, chunk.subarray(at, at + passed)]);
    if (this.#head.length === FRAME_HEADER_BYTES) {
      const channel = this.#head.readUInt16BE(1);
      if (channel > 0) this.#channels.add(channel);
      this.#left = this.#head.readUInt32BE(3) + 1;
      this.#head = Buffer.alloc(0);
    }
    return at + passed;
  }
}
