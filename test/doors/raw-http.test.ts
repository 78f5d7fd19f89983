import { connect } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { ANN, client, EMBED, type Fixture, START_TIMEOUT_MS, startFixture } from '../services/gateway/fixture.ts';
import { FUZZ_RUNS, FUZZ_TIMEOUT_MS, report } from './sizes.ts';

const ANSWER_MS = 20_000;
const JOB = '{"type":"embed","input":{"texts":["smuggled"]}}';
const CHUNKED = `${JOB.length.toString(16)}\r\n${JOB}\r\n0\r\n\r\n`;

/** Requests on whose length two readers may disagree, each with another request hidden behind the first. */
const AMBIGUOUS: Readonly<Record<string, readonly string[]>> = {
  'two lengths': ['Content-Length: 0', `Content-Length: ${JOB.length}`],
  'a length and chunks': ['Content-Length: 4', 'Transfer-Encoding: chunked'],
  'chunks named twice': ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
  'chunks that are not last': ['Transfer-Encoding: chunked, gzip'],
  'chunks behind a space': ['Transfer-Encoding : chunked', 'Content-Length: 4'],
  'a signed length': ['Content-Length: +10'],
  'a header with a bare line feed': ['X-A: b\nTransfer-Encoding: chunked', 'Content-Length: 4'],
  'a folded header': ['X-A: b', ' Transfer-Encoding: chunked', 'Content-Length: 4'],
};

/** What never becomes a request, or none that may be answered. */
const REFUSED: readonly [what: string, sent: string, status: number, code: string][] = [
  ['a request line of its own making', 'hello gateway\r\n\r\n', 400, 'malformed_request'],
  ['an unknown method', 'DANCE /livez HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'malformed_request'],
  ['a header without a name', 'GET /livez HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', 400, 'malformed_request'],
  ['a negative length', 'POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400, 'malformed_request'],
  ['no host', 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'malformed_request'],
  ['a proxy’s request', 'CONNECT elsewhere:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405, 'method_not_allowed'],
  [
    'an unknown expectation',
    'GET /livez HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nConnection: close\r\n\r\n',
    417,
    'expectation_failed',
  ],
  [
    'headers of 20 KB',
    `GET /livez HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`,
    431,
    'headers_too_large',
  ],
];

describe('doors: HTTP by hand', function () {
  this.timeout(FUZZ_TIMEOUT_MS);
  let fixture: Fixture;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    fixture = await startFixture({ limits: { headersMs: 500, requestMs: 1_000 } });
  });
  after(() => fixture?.stop());

  const head = (path: string, headers: readonly string[]) =>
    [
      `POST ${path} HTTP/1.1`,
      'Host: gateway',
      `Authorization: Bearer ${ANN}`,
      'Content-Type: application/json',
      ...headers,
    ]
      .map((line) => `${line}\r\n`)
      .join('');

  const upgrade = ['Connection: Upgrade', 'Upgrade: h2c'];
  const ambiguous = Object.entries(AMBIGUOUS).flatMap(([what, headers]): [string, readonly string[]][] => [
    [what, headers],
    [`${what}, and an upgrade`, [...headers, ...upgrade]],
  ]);
  for (const [what, headers] of ambiguous) {
    it(`refuses ${what}, and hears nothing behind it`, async () => {
      const hidden = `${head('/v1/jobs', [`Content-Length: ${JOB.length}`])}\r\n${JOB}`;
      const answer = await say(fixture.url, `${head('/v1/jobs', headers)}\r\n${CHUNKED}${hidden}`);
      expect(answer).to.match(/^HTTP\/1\.1 400 /);
      expect(answer.split('HTTP/1.1 ').length - 1, 'answers on the connection').to.equal(1);
      expect(fixture.stage.records, 'jobs accepted').to.deep.equal([]);
    });
  }

  for (const [what, sent, status, code] of REFUSED) {
    it(`refuses ${what} with problem details: ${status} ${code}`, async () => {
      const { status: answered, headers, problem } = problemIn(await say(fixture.url, sent));
      expect([answered, problem.status, problem.code]).to.deep.equal([status, status, code]);
      expect(problem).to.include.keys('type', 'title', 'detail', 'request_id');
      expect(headers).to.match(/^content-type: application\/problem\+json/im);
      expect(headers).to.match(new RegExp(`^x-request-id: ${problem.request_id}$`, 'im'));
    });
  }

  it('answers what is half a request, once its time is over, with problem details: 408', async () => {
    const { status, problem } = problemIn(await drip(fixture.url, 'x', 'GET /livez HTTP/1.1\r\nHost: x\r\nX-A: '));
    expect([status, problem.code]).to.deep.equal([408, 'request_timeout']);
  });

  it('writes no refusal into an answer that has begun', async () => {
    const { body } = await client(fixture.url).post('/v1/jobs', EMBED);
    const { socket, answer } = open(fixture.url);
    const begun = new Promise((resolve) => socket.once('data', resolve));
    socket.write(
      `GET /v1/jobs/${body.id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ANN}\r\nAccept: text/event-stream\r\n\r\n`,
    );
    await begun;
    socket.write('hello gateway\r\n\r\n');
    expect((await answer).split('HTTP/1.1 ').length - 1, 'answers on the connection').to.equal(1);
  });

  it('refuses headers without end', async () => {
    const many = Array.from({ length: 3_000 }, (_, n) => `X-${n}: ${'a'.repeat(20)}`);
    expect(await say(fixture.url, `${head('/v1/jobs', many)}\r\n`)).to.match(/^HTTP\/1\.1 431 /);
  });

  it('takes neither path nor host from a client that names others', async () => {
    const request = [
      'GET http://elsewhere.example/v1/jobs/job_x HTTP/1.1',
      'Host: elsewhere.example',
      'X-Forwarded-Host: elsewhere.example',
      'X-Original-URL: /v1/queues',
      `Authorization: Bearer ${ANN}`,
      'Connection: close',
    ].join('\r\n');
    const answer = await say(fixture.url, `${request}\r\n\r\n`);
    expect(answer).to.match(/^HTTP\/1\.1 404 /);
    expect(answer).not.to.match(/location: .*elsewhere/i);
  });

  it('cuts off who sends headers, or a body, drop by drop', async () => {
    const slowHeaders = drip(fixture.url, head('/v1/jobs', []));
    const slowBody = drip(fixture.url, JOB, `${head('/v1/jobs', [`Content-Length: ${JOB.length}`])}\r\n`);
    for (const answer of await Promise.all([slowHeaders, slowBody])) expect(answer).to.match(/^(HTTP\/1\.1 408 |$)/);
  });

  it('answers other bytes with 400 or hangs up, and lives', async () => {
    const counts: Record<string, number> = {};
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.concat([Buffer.from('GET /v1/jobs HTTP/1.1\r\n'), bytes])),
    );
    const property = fc.asyncProperty(noise, async (bytes) => {
      const answer = await say(fixture.url, Buffer.concat([bytes, Buffer.from('\r\n\r\n')]));
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 'hung up';
      expect(Number(status) || 0).to.be.below(500);
      counts[status] = (counts[status] ?? 0) + 1;
    });
    await fc.assert(property, { numRuns: FUZZ_RUNS });
    expect((await fetch(`${fixture.url}/livez`)).status).to.equal(200);
    report('raw connections', counts);
  });
});

/** The only answer on a connection, which is problem details. */
function problemIn(answer: string) {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const [line = '', ...headers] = head.split('\r\n');
  return { status: Number(line.split(' ')[1]), headers: headers.join('\n'), problem: JSON.parse(body) };
}

/** Sends bytes and no more, and gives what came back until the gateway hung up. */
function say(url: string, bytes: string | Uint8Array): Promise<string> {
  const { socket, answer } = open(url);
  socket.end(bytes);
  return answer;
}

/** Sends a byte every so often, for as long as somebody listens. */
async function drip(url: string, slowly: string, atOnce = ''): Promise<string> {
  const { socket, answer } = open(url);
  socket.write(atOnce);
  let at = 0;
  const timer = setInterval(() => socket.write(slowly[at++ % slowly.length] ?? ''), 100);
  return await answer.finally(() => clearInterval(timer));
}

function open(url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`the gateway held on for ${ANSWER_MS} ms`)));
  const pieces: Buffer[] = [];
  const answer = new Promise<string>((resolve, reject) => {
    socket.on('data', (piece) => pieces.push(piece));
    socket.once('close', () => resolve(Buffer.concat(pieces).toString('latin1')));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
  });
  return { socket, answer };
}
