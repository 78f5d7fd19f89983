import { expect } from 'chai';
import fc from 'fast-check';
import WebSocket from 'ws';
import { CLOSE } from '../../services/gateway/socket/close-codes.ts';
import { ClientFrame, ServerFrame } from '../../services/gateway/socket/frames.ts';
import { BOB, START_TIMEOUT_MS } from '../services/gateway/fixture.ts';
import { fromSchema, nasty } from './from-schema.ts';
import { ANNS_SECRET, type House, house } from './house.ts';
import { FUZZ_RUNS, FUZZ_TIMEOUT_MS, report } from './sizes.ts';

const FRAMES_AT_ONCE = 12;
const CLOSES = new Set<number>([...Object.values(CLOSE), 1000, 1007, 1009]);

/** What somebody may send: nearly frames, other JSON, other text, bytes. */
const sent = (annsJob: string): fc.Arbitrary<string | Uint8Array> =>
  fc.oneof(
    { arbitrary: fromSchema(ClientFrame).map((frame) => JSON.stringify(frame) ?? ''), weight: 8 },
    {
      arbitrary: fc
        .constantFrom('subscribe', 'cancel', 'unsubscribe')
        .map((type) => JSON.stringify({ type, id: '1', job: annsJob })),
      weight: 2,
    },
    { arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)), weight: 1 },
    { arbitrary: nasty, weight: 1 },
    { arbitrary: fc.uint8Array({ maxLength: 100 }), weight: 1 },
  );

describe('doors: WebSocket frames, whatever they say', function () {
  this.timeout(FUZZ_TIMEOUT_MS);
  let home: House;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    home = await house();
  });
  after(() => home?.stop());

  it('every conversation goes on in frames of ours or ends with a code, and never tells what is not the caller’s', async () => {
    const counts: Record<string, number> = {};
    const count = (what: string) => {
      counts[what] = (counts[what] ?? 0) + 1;
    };
    const property = fc.asyncProperty(
      fc.array(sent(home.annsJob), { minLength: 1, maxLength: FRAMES_AT_ONCE }),
      async (frames) => {
        const { heard, code } = await converse(home.url, frames);
        for (const text of heard) {
          expect(text).not.to.contain(ANNS_SECRET);
          const frame = ServerFrame.parse(JSON.parse(text));
          if (frame.type === 'error') expect(frame.problem.code).not.to.equal('internal');
          count(frame.type);
        }
        expect(code).to.satisfy((each: number) => CLOSES.has(each), `closed with ${code}`);
        count(`closed with ${code}`);
      },
    );
    await fc.assert(property, { numRuns: Math.ceil(FUZZ_RUNS / 4) });
    expect((await fetch(`${home.url}/livez`)).status).to.equal(200);
    expect(counts).to.include.keys('hello', 'error', `closed with ${CLOSE.badFrame}`);
    report('WebSocket', counts);
  });
});

/** Says all of it, asks for a pong behind it, and says goodbye when that has come or the gateway has hung up. */
async function converse(url: string, frames: readonly (string | Uint8Array)[]) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, 'warren.v1', {
    headers: { authorization: `Bearer ${BOB}` },
  });
  const heard: string[] = [];
  const closed = new Promise<number>((resolve, reject) => {
    socket.once('close', resolve);
    socket.once('error', reject);
  });
  socket.on('message', (data) => {
    const text = String(data);
    heard.push(text);
    if ((JSON.parse(text) as { type: string }).type === 'pong') socket.close(1000);
  });
  socket.once('open', () => {
    for (const frame of frames) socket.send(frame);
    socket.send(JSON.stringify({ type: 'ping' }));
  });
  return { code: await closed, heard };
}
