import { connect } from 'node:net';
import { expect } from 'chai';
import { ANN, BOB, EMBED, GENERATE } from './fixture.ts';
import { suiteFixture } from './suite-fixture.ts';

const WISH = JSON.stringify({ ...EMBED, metadata: { name: 'café' } });
const BYTES = Buffer.byteLength(WISH);
const KEY = [`Authorization: Bearer ${ANN}`, 'Host: gateway'];
/** As `curl --http2` and Java's HttpClient send them. */
const H2C = [...KEY, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'];
const TYPE = 'Content-Type: application/json';

const head = (line: string, ...headers: string[]) => `${[`${line} HTTP/1.1`, ...headers].join('\r\n')}\r\n\r\n`;
const LIVE = head('GET /livez', ...KEY);

describe('gateway: a request that asks for another protocol', () => {
  const fixture = suiteFixture();
  const { ann } = fixture;

  /** Sends pieces one after the other, and gives status and body of so many answers. */
  async function say(answers: number, ...pieces: string[]): Promise<[status: number, body: string][]> {
    const { hostname, port } = new URL(fixture.url);
    const connection = connect(Number(port), hostname);
    let heard = '';
    const enough = new Promise<void>((resolve, reject) => {
      connection.setEncoding('utf8').on('data', (piece) => {
        heard += piece;
        if (answersIn(heard).length >= answers) resolve();
      });
      connection
        .once('close', resolve)
        .once('error', reject)
        .setTimeout(10_000, () => connection.destroy());
    });
    for (const piece of pieces) {
      connection.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await enough;
    connection.destroy();
    return answersIn(heard);
  }

  it('is answered as if it had not', async () => {
    expect(await say(1, head('GET /livez', ...H2C))).to.deep.equal([[200, '{"status":"ok"}']]);
    const [plain] = await say(1, head('GET /v1/ws', ...H2C));
    expect(plain?.[0]).to.equal(426);
    for (const upgrade of ['TLS/1.0', 'h2c, websocket', 'websocket, h2c'])
      expect(await say(1, head('GET /livez', ...KEY, 'Connection: upgrade', `Upgrade: ${upgrade}`))).to.have.length(1);
  });

  const posted = head('POST /v1/jobs', ...H2C, TYPE, `Content-Length: ${BYTES}`);
  const chunked = head('POST /v1/jobs', ...H2C, TYPE, 'Transfer-Encoding: chunked');
  const chunks = `5\r\n${WISH.slice(0, 5)}\r\n${(BYTES - 5).toString(16)}\r\n${WISH.slice(5)}\r\n0\r\n\r\n`;
  const ways: Record<string, string[]> = {
    'in the same packet': [posted + WISH],
    later: [posted, WISH],
    'piece by piece': [posted.slice(0, 40), posted.slice(40), WISH.slice(0, 9), WISH.slice(9)],
    'in chunks': [chunked + chunks],
    'in chunks, later': [chunked, chunks.slice(0, 20), chunks.slice(20)],
  };
  for (const [how, pieces] of Object.entries(ways)) {
    it(`has its body, which comes ${how}, and its connection stays open`, async () => {
      const [accepted, again, last] = await say(3, ...pieces, LIVE, head('GET /livez', ...H2C));
      expect([accepted?.[0], again?.[0], last?.[0]]).to.deep.equal([202, 200, 200]);
      const { id, metadata } = JSON.parse(accepted?.[1] ?? '');
      expect(metadata).to.deep.equal({ name: 'café' });
      expect((await fixture.stage.job(id)).input).to.deep.equal(EMBED.input);
    });

    it(`has its body, which comes ${how}, and is not the last of its packet`, async () => {
      const before = [...pieces];
      const end = before.pop() ?? '';
      const answers = await say(3, ...before, end + head('GET /livez', ...H2C) + LIVE);
      expect(answers.map(([status]) => status)).to.deep.equal([202, 200, 200]);
    });
  }

  it('waits for the answers before it', async () => {
    const { body } = await ann.post('/v1/jobs', GENERATE);
    const slow = head(`GET /v1/jobs/${body.id}?wait=1`, ...KEY);
    const answers = await say(3, slow + head('GET /livez', ...H2C) + LIVE);
    expect(answers.map(([, text]) => JSON.parse(text))).to.deep.include.members([{ status: 'ok' }]);
    expect(answers.map(([status]) => status)).to.deep.equal([200, 200, 200]);
    expect(JSON.parse(answers[0]?.[1] ?? '').id).to.equal(body.id);
  });

  it('keeps all its headers, and its own key', async () => {
    const { body } = await ann.post('/v1/jobs', GENERATE);
    await fixture.stage.job(body.id);
    const many = Array.from({ length: 2_500 }, () => 'A:b');
    const foreign = H2C.map((line) => line.replace(ANN, BOB));
    expect((await say(1, head(`GET /v1/jobs/${body.id}`, ...many, ...H2C)))[0]?.[0]).to.equal(200);
    expect((await say(1, head(`GET /v1/jobs/${body.id}`, ...foreign)))[0]?.[0]).to.equal(404);
  });

  it('may come from a client that hangs up', async () => {
    const { hostname, port } = new URL(fixture.url);
    for (const sent of [head('GET /livez', ...H2C), posted, LIVE + posted]) {
      const connection = connect(Number(port), hostname);
      connection.on('error', () => undefined);
      await new Promise<void>((resolve) => connection.write(sent, () => resolve()));
      connection.resetAndDestroy();
    }
    expect((await ann.get('/livez')).status).to.equal(200);
  });
});

/** The whole answers in a text; all of them have a Content-Length here. */
function answersIn(text: string): [status: number, body: string][] {
  const bytes = Buffer.from(text);
  const found: [number, string][] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end < 0) return found;
    const about = bytes.toString('utf8', at, end);
    const from = end + 4;
    const to = from + Number(/^content-length: (\d+)/im.exec(about)?.[1]);
    if (!(to <= bytes.length)) return found;
    found.push([Number(about.split(' ')[1]), bytes.toString('utf8', from, to)]);
    at = to;
  }
}
