import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { type FreshDatabase, freshPglite } from '../support/database.ts';

const SET_UP_MS = 60_000;

describe('the wire of the embedded database', () => {
  let fresh: FreshDatabase;
  before(async function () {
    this.timeout(SET_UP_MS);
    fresh = await freshPglite();
  });
  after(() => fresh?.drop());

  const PASSWORD_PROMPT = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
  const packet = (...ints: number[]) => {
    const body = Buffer.alloc(4 + ints.length * 4);
    body.writeInt32BE(body.length);
    for (const [index, value] of ints.entries()) body.writeInt32BE(value, 4 + index * 4);
    return body;
  };
  const message = (type: string, body: Buffer | string = '') => {
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeInt32BE(4 + Buffer.byteLength(body), 1);
    return Buffer.concat([head, Buffer.from(body)]);
  };
  const login = () => message('p', `${new URL(fresh.url).password}\0`);
  const heard = new WeakMap<Socket, Buffer>();
  const open = async (): Promise<Socket> => {
    const socket = connect(Number(new URL(fresh.url).port), '127.0.0.1');
    socket.on('error', () => undefined); // a reset is one of the ways to be refused
    socket.on('data', (bytes) => heard.set(socket, Buffer.concat([heard.get(socket) ?? Buffer.alloc(0), bytes])));
    await once(socket, 'connect');
    return socket;
  };
  /** All that came since the last call, as soon as it ends as given. */
  const until = async (socket: Socket, end: Buffer): Promise<Buffer> => {
    for (;;) {
      const all = heard.get(socket) ?? Buffer.alloc(0);
      if (all.subarray(-end.length).equals(end)) {
        heard.delete(socket);
        return all;
      }
      await once(socket, 'data');
    }
  };
  const READY = message('Z', 'I');
  const enter = async (): Promise<Socket> => {
    const socket = await open();
    socket.write(Buffer.concat([packet(196_608, 0), login()]));
    await until(socket, READY);
    return socket;
  };
  const stillServes = async () => expect(await fresh.db.query('select 1 as n')).to.deep.equal([{ n: 1 }]);

  it('understands bytes that come one at a time', async () => {
    const socket = await open();
    const drip = async (bytes: Buffer) => {
      for (const byte of bytes) {
        socket.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await drip(packet(80_877_103));
    expect(await until(socket, Buffer.from('N'))).to.deep.equal(Buffer.from('N'));
    await drip(packet(196_608, 0));
    expect(await until(socket, PASSWORD_PROMPT)).to.deep.equal(PASSWORD_PROMPT);
    await drip(login());
    await until(socket, READY);
    await drip(message('Q', "select 'drip' as x\0"));
    expect((await until(socket, READY)).toString('latin1')).to.include('drip');
    socket.destroy();
  });

  it('keeps a client’s statement whole between its Flush and its Sync', async () => {
    const patient = await enter();
    patient.write(Buffer.concat([message('P', '\0select 7::text as mine\0\0\0'), message('H')]));
    await until(patient, message('1'));
    const theirs = fresh.db.query('select $1::text as theirs', ['yes']); // must not replace the unnamed statement
    const bind = message('B', Buffer.alloc(8));
    patient.write(Buffer.concat([bind, message('E', Buffer.alloc(5)), message('S')]));
    expect((await until(patient, READY)).toString('latin1')).to.include('7');
    expect(await theirs).to.deep.equal([{ theirs: 'yes' }]);
    patient.destroy();
  });

  it('never runs half of what a client wanted', async () => {
    await fresh.db.query('create table half (n int)');
    const socket = await enter();
    const insert = [
      message('P', '\0insert into half values (1)\0\0\0'),
      message('B', Buffer.alloc(8)),
      message('E', Buffer.alloc(5)),
    ];
    socket.end(Buffer.concat(insert));
    await once(socket, 'close');
    expect(await fresh.db.query('select n from half')).to.deep.equal([]);
  });

  it('refuses what it cannot read and goes on serving', async () => {
    const nonsense: Buffer[] = [
      Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'),
      packet(131_072),
      packet(80_877_102, 1, 2),
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]),
      Buffer.concat([packet(196_608, 0), message('Q', 'select 1\0')]),
      Buffer.concat([packet(196_608, 0), login(), Buffer.from([0, 0, 0, 0, 8, 0, 0, 0, 0])]),
      Buffer.concat([packet(196_608, 0), login(), message('~', 'what')]),
      Buffer.concat([packet(196_608, 0), login(), Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff])]),
    ];
    for (const bytes of nonsense) {
      const socket = await open();
      const closed = once(socket, 'close');
      socket.write(bytes);
      await closed;
      await stillServes();
    }
  });

  it('answers malformed messages with an error and goes on serving', async () => {
    const socket = await enter();
    socket.write(Buffer.concat([message('B', 'x'), message('S')]));
    expect((await until(socket, READY)).toString('latin1')).to.include('ERROR');
    socket.write(message('Q', "select 'fine' as x\0"));
    expect((await until(socket, READY)).toString('latin1')).to.include('fine');
    socket.destroy();
    await stillServes();
  });
});
