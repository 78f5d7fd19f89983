/** The few messages of Postgres' wire protocol (version 3.0) that the embedded database answers by itself. */

const INT32 = 4;
/** Codes that stand in the place of the protocol version in a connection's first packet. */
export const STARTUP = { version3: 196_608, ssl: 80_877_103, gss: 80_877_104, cancel: 80_877_102 } as const;
/** A single letter: no encryption here. */
export const NO_ENCRYPTION = Buffer.from('N');

function frame(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(1 + INT32);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + INT32, 1);
  return Buffer.concat([head, body]);
}

const int32 = (...values: number[]): Buffer => {
  const body = Buffer.alloc(values.length * INT32);
  for (const [index, value] of values.entries()) body.writeInt32BE(value, index * INT32);
  return body;
};

const text = (...parts: string[]): Buffer => Buffer.from(parts.map((part) => `${part}\0`).join(''));

export const askPassword = (): Buffer => frame('R', int32(3));

/** Everything a client awaits between its password and its first statement. */
export const welcome = (id: number, settings: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat([
    frame('R', int32(0)),
    ...Object.entries(settings).map(([name, value]) => frame('S', text(name, value))),
    frame('K', int32(id, 0)),
    frame('Z', Buffer.from('I')),
  ]);

export const fatal = (sqlstate: string, message: string): Buffer =>
  frame('E', text('SFATAL', 'VFATAL', `C${sqlstate}`, `M${message}`, ''));

export const statement = (sql: string): Buffer => frame('Q', text(sql));
export const sync = (): Buffer => frame('S', Buffer.alloc(0));

/** The text of a password message ('p'). */
export const passwordOf = (message: Buffer): string => message.toString('utf8', 1 + INT32, message.length - 1);
