const TYPE_BYTES = 1;
const LENGTH_BYTES = 4;
/** Larger messages are refused; the largest that Warren sends is a document of 32 MiB. */
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

const codes = (letters: string): ReadonlySet<number> => new Set([...letters].map((letter) => letter.charCodeAt(0)));
/** What a client may say once it is welcome. The engine would die of anything else. */
const KNOWN = codes('BCDEFHPQSXcdf');
/** Messages that end what a client wants answered at once: Sync, Query, Flush, FunctionCall, CopyDone, CopyFail, Terminate. */
const ENDS_UNIT = codes('SQHFcfX');

/**
 * Cuts the bytes of one connection into pieces. Bytes are joined only when a piece may be complete, so a large message
 * costs one copy. Every method that takes a piece gives undefined until it is complete, and throws a RangeError when the
 * bytes are no Postgres protocol or a message is too large.
 */
export class Frames {
  #parts: Buffer[] = [];
  #length = 0;
  /** Nothing can be complete with fewer bytes than this. */
  #needed = 1;
  /** Where the scan for the end of a unit goes on. */
  #scanned = 0;

  add(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }

  /** The first packet of a connection; it has no type byte. */
  startup(): Buffer | undefined {
    return this.#take(this.#endOf(0, 0));
  }

  /** The next message. */
  message(): Buffer | undefined {
    return this.#take(this.#endOf(0, TYPE_BYTES));
  }

  /** The next messages up to and including one that ends a unit. They run together, so no other client's come between. */
  unit(): Buffer | undefined {
    for (;;) {
      const end = this.#endOf(this.#scanned, TYPE_BYTES);
      if (end === undefined) return undefined;
      if (end > MAX_MESSAGE_BYTES) throw new RangeError(`messages of ${end} bytes without a Sync`);
      const type = this.#joined()[this.#scanned] ?? 0;
      if (!KNOWN.has(type)) throw new RangeError(`a message of the unknown type ${type}`);
      this.#scanned = end;
      if (ENDS_UNIT.has(type)) return this.#take(end);
    }
  }

  /** Where the message that begins at `start` ends, or undefined (and more bytes needed) while it is incomplete. */
  #endOf(start: number, typeBytes: number): number | undefined {
    const head = start + typeBytes + LENGTH_BYTES;
    if (!this.#has(head)) return undefined;
    const size = this.#joined().readInt32BE(start + typeBytes);
    if (size < LENGTH_BYTES || size > MAX_MESSAGE_BYTES) throw new RangeError(`a message of ${size} bytes`);
    const end = start + typeBytes + size;
    return this.#has(end) ? end : undefined;
  }

  #has(bytes: number): boolean {
    this.#needed = Math.max(this.#needed, bytes);
    return this.#length >= this.#needed;
  }

  #joined(): Buffer {
    const [first, ...others] = this.#parts;
    if (first !== undefined && others.length === 0) return first;
    const all = Buffer.concat(this.#parts);
    this.#parts = [all];
    return all;
  }

  #take(end: number | undefined): Buffer | undefined {
    if (end === undefined) return undefined;
    const all = this.#joined();
    this.#parts = end === this.#length ? [] : [all.subarray(end)];
    this.#length -= end;
    this.#needed = 1;
    this.#scanned = 0;
    return all.subarray(0, end);
  }
}
