const HEADER_BYTES = 5;
const LENGTH_BYTES = 4;
/** Larger messages are refused; the largest that Warren sends is a document of 32 MiB. */
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

const codes = (letters: string): ReadonlySet<number> => new Set([...letters].map((letter) => letter.charCodeAt(0)));
/** What a client may say once it is welcome. The engine would die of anything else. */
const KNOWN = codes('BCDEFHPQSXcdf');
/** Messages that end what a client wants answered at once: Sync, Query, Flush, FunctionCall, CopyDone, CopyFail, Terminate. */
const ENDS_UNIT = codes('SQHFcfX');

/** Cuts the bytes of one connection into pieces. */
export interface Frames {
  /** @throws {RangeError} when the bytes are no Postgres protocol or a message is too large */
  add(bytes: Buffer): void;
  /** The first packet of a connection, or undefined until it is complete. It has no type byte. */
  startup(): Buffer | undefined;
  /** The next single message. */
  message(): Buffer | undefined;
  /** The next messages up to and including one that ends a unit. They run together, so no other client's come between. */
  unit(): Buffer | undefined;
}

/** Bytes are joined only when a piece may be complete, so a large message costs one copy. */
export function frames(): Frames {
  let parts: Buffer[] = [];
  let length = 0;
  /** Nothing can be complete with fewer bytes than this. */
  let needed = 1;
  /** Where the scan for the end of a unit goes on. */
  let scanned = 0;

  const joined = (): Buffer => {
    if (parts.length !== 1) parts = [Buffer.concat(parts)];
    return parts[0] as Buffer;
  };
  const take = (end: number): Buffer => {
    const all = joined();
    parts = end === length ? [] : [all.subarray(end)];
    length -= end;
    needed = 1;
    scanned = 0;
    return all.subarray(0, end);
  };
  /** End of the message that begins at `start`, or undefined with `needed` set. */
  const endOf = (start: number, typeBytes: number): number | undefined => {
    const head = start + typeBytes + LENGTH_BYTES;
    if (length < head) {
      needed = head;
      return undefined;
    }
    const size = joined().readInt32BE(start + typeBytes);
    if (size < LENGTH_BYTES || size > MAX_MESSAGE_BYTES) throw new RangeError(`a message of ${size} bytes`);
    const end = start + typeBytes + size;
    if (length < end) needed = end;
    return length < end ? undefined : end;
  };

  return {
    add(bytes) {
      parts.push(bytes);
      length += bytes.length;
    },
    startup() {
      const end = length < needed ? undefined : endOf(0, 0);
      return end === undefined ? undefined : take(end);
    },
    message() {
      const end = length < needed ? undefined : endOf(0, HEADER_BYTES - LENGTH_BYTES);
      return end === undefined ? undefined : take(end);
    },
    unit() {
      while (length >= needed && length > scanned) {
        const end = endOf(scanned, HEADER_BYTES - LENGTH_BYTES);
        if (end === undefined) return undefined;
        if (end > MAX_MESSAGE_BYTES) throw new RangeError(`messages of ${end} bytes without a Sync`);
        const type = joined()[scanned] as number;
        if (!KNOWN.has(type)) throw new RangeError(`a message of the unknown type ${type}`);
        scanned = end;
        if (ENDS_UNIT.has(type)) return take(end);
      }
      return undefined;
    },
  };
}
