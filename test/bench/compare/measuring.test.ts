import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { rejected } from '../../support/rejected.ts';
import { HttpConnection, httpRequest } from './load/http-connection.ts';
import { closedLoop, openLoop } from './load/loops.ts';
import { cpuMs, less, memoryMb, total } from './machine/usage.ts';

const BUSY = `while (process.cpuUsage().user < 300_000); console.log('done'); setTimeout(() => {}, 60_000)`;

describe('the bench’s measuring', () => {
  it('counts the CPU time of a process and of those it started, and nobody else’s', async function () {
    if (process.platform !== 'linux') {
      console.log('      skipped: there is no /proc');
      this.skip();
    }
    const child = spawn('/bin/sh', ['-c', `"${process.execPath}" -e "${BUSY}"; true`], { detached: true });
    try {
      const roots = [{ role: 'busy', pid: child.pid ?? 0 }];
      const before = cpuMs(roots);
      await once(child.stdout, 'data');
      const used = total(less(cpuMs(roots), before));
      expect(used).to.be.within(200, 2_000);
      expect(memoryMb(roots).busy).to.be.above(5);
      expect(cpuMs([])).to.deep.equal({});
    } finally {
      process.kill(-(child.pid ?? 0), 'SIGKILL'); // the shell and what it started
    }
  });

  it('sends a request at a time over one connection and reads each answer whole', async () => {
    let connections = 0;
    const { server, port } = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(202, { 'content-length': 7 }).end(`${request.url} ünd`));
    });
    server.on('connection', () => {
      connections += 1;
    });
    const connection = await HttpConnection.open(port);
    try {
      const first = await connection.send(httpRequest('POST', '/a', {}, { text: 'x'.repeat(100_000) }));
      const second = await connection.send(httpRequest('GET', '/b', {}));
      expect(first.status).to.equal(202);
      expect(Buffer.from(second.body, 'latin1').toString()).to.equal('/b ünd');
      expect(connections).to.equal(1);
    } finally {
      connection.close();
      server.close();
    }
  });

  it('fails when the server hangs up instead of answering', async () => {
    const { server, port } = await serve((request) => request.socket.destroy());
    const connection = await HttpConnection.open(port);
    const error = await rejected(connection.send(httpRequest('GET', '/', {})), Error);
    expect(error.message).to.contain('closed');
    server.close();
  });

  it('times calls that find no free client from when they were due', async () => {
    const slow = () => new Promise((resolve) => setTimeout(resolve, 40));
    const { times } = await openLoop([1], { perSecond: 100, seconds: 0.1 }, slow);
    expect(times).to.have.length(10);
    expect(times.at(-1)).to.be.above(200); // 10 × 40 ms of work, due within 90
  });

  it('goes on for as many calls as it is told, with all clients', async () => {
    const seen = new Map<string, number>();
    const count = async (client: string) => {
      seen.set(client, (seen.get(client) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 1));
    };
    const { times } = await closedLoop(['a', 'b'], { calls: 20 }, count);
    expect(times).to.have.length(20);
    expect([...seen.values()].reduce((sum, calls) => sum + calls, 0)).to.equal(20);
    expect(seen.size).to.equal(2);
  });
});

async function serve(answer: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
