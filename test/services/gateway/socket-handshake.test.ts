import { connect } from 'node:net';
import { expect } from 'chai';
import { ANN, BOB } from './fixture.ts';
import { openSocket, refused } from './socket-client.ts';
import { LIMITS, socketSuite } from './socket-suite.ts';

describe('gateway: the WebSocket', () => {
  const { fixture, ann, socket, submit } = socketSuite();

  describe('opens', () => {
    it('with a ticket, for the holder of the key that got it', async () => {
      const { status, body } = await ann.post('/v1/tickets');
      expect(status).to.equal(201);
      expect(Date.parse(body.expires_at) - Date.now()).to.be.within(50_000, 60_000);
      const it = await openSocket(fixture.url, {}, {}, `?ticket=${body.ticket}`);
      const job = await submit(it);
      expect((await ann.get(`/v1/jobs/${job}`)).status).to.equal(200);
    });

    it('with a key in the address, from this machine only', async () => {
      const it = await openSocket(fixture.url, {}, {}, `?key=${ANN}`);
      await it.next('hello');
      await refused(fixture.url, { origin: 'https://elsewhere.example' }, `?key=${ANN}`, 403);
    });

    it('not without a key, with a wrong one, or with a ticket that is forged: 401', async () => {
      const { body } = await ann.post('/v1/tickets');
      const [claim, signature] = (body.ticket as string).split('.');
      const forged = Buffer.from(JSON.stringify({ owner: 'root', expires: Date.now() + 9e9 })).toString('base64url');
      await refused(fixture.url, {}, '', 401);
      await refused(fixture.url, { authorization: 'Bearer wrong-key-0000' }, '', 401);
      for (const ticket of ['x', '', `${forged}.${signature}`, `${claim}.`, `${claim}.x`])
        await refused(fixture.url, {}, `?ticket=${ticket}`, 401);
    });

    it('not in another protocol, elsewhere, or too often', async () => {
      const headers = { authorization: `Bearer ${ANN}` };
      await refused(fixture.url, headers, '', 400, 'soap.v1');
      await refused(fixture.url.concat('/v1/elsewhere#'), headers, '', 404);
      for (let n = 0; n < LIMITS.socketsPerKey; n += 1) await socket();
      await refused(fixture.url, headers, '', 429);
      await (await socket(BOB)).next('hello');
    });

    it('not over plain HTTP: 426, nor at an address that is none', async () => {
      const { status, body, headers } = await ann.get('/v1/ws');
      expect([status, body.code, headers.get('upgrade')]).to.deep.equal([426, 'upgrade_required', 'websocket']);
      const { hostname, port } = new URL(fixture.url);
      const answer = await new Promise<string>((resolve, reject) => {
        const connection = connect(Number(port), hostname);
        connection.once('data', (data) => resolve(String(data))).once('error', reject);
        connection.write('GET // HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      });
      expect(answer).to.match(/^HTTP\/1\.1 400/);
    });

    it('and survives a client that hangs up in mid-handshake', async () => {
      const { hostname, port } = new URL(fixture.url);
      const connection = connect(Number(port), hostname);
      connection.write('GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      connection.resetAndDestroy();
      expect((await ann.get('/livez')).status).to.equal(200);
    });
  });
});
