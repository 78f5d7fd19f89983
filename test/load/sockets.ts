import WebSocket from 'ws';
import { quantile } from '../support/quantiles.ts';
import { atMost, exactly, type Finding, told } from './finding.ts';
import { holdingOf } from './processes.ts';
import type { Scenario } from './scenario.ts';
import { Submitter } from './submitter.ts';

const KEYS = 5;
const SOCKETS_PER_KEY = 1_000;
const OPENING_AT_ONCE = 50;
const PROBES = 200;
const MOST_KB_PER_SOCKET = 60;
const MOST_P99_MS = 250;

const keyOf = (n: number): string => `idle-key-0000${n}`;

/** 5,000 WebSocket clients that say nothing, and a gateway that has time for others all the same. */
export const sockets: Scenario = {
  name: 'sockets',
  about: `${KEYS * SOCKETS_PER_KEY} idle WebSocket clients, and one more than a key may have`,
  env: { API_KEYS: Array.from({ length: KEYS }, (_, n) => `idle${n}:${keyOf(n)}`).join(',') },
  async run({ warren, say }) {
    const { gateway = 0 } = (await warren.run()).pids;
    const before = (await holdingOf(gateway))?.rssMb ?? 0;
    const open: WebSocket[] = [];
    const api = new Submitter(warren.url, 4, keyOf(0));
    try {
      for (let key = 0; key < KEYS; key += 1) {
        for (let n = 0; n < SOCKETS_PER_KEY; n += OPENING_AT_ONCE) {
          open.push(
            ...(await Promise.all(Array.from({ length: OPENING_AT_ONCE }, () => connect(warren.url, keyOf(key))))),
          );
        }
        say(`${open.length} sockets are open`);
      }
      const after = (await holdingOf(gateway))?.rssMb ?? 0;
      const times: number[] = [];
      for (let n = 0; n < PROBES; n += 1) {
        const { ms } = await api.submit({ type: 'embed', input: { texts: ['beside them'] } });
        times.push(ms);
      }
      const refused = await connect(warren.url, keyOf(0)).catch((error: Error) => error.message);
      const lost = open.filter((socket) => socket.readyState !== WebSocket.OPEN).length;
      return [
        exactly('sockets lost', lost, 0),
        told('memory of the gateway before, with them', `${before.toFixed(0)} MB, ${after.toFixed(0)} MB`),
        atMost('memory of one', ((after - before) * 1024) / open.length, MOST_KB_PER_SOCKET, ' kB'),
        atMost('time to accept a job meanwhile, p99', quantile(times, 0.99), MOST_P99_MS, ' ms'),
        {
          what: 'one socket more than a key may have',
          value: String(refused),
          bound: '429',
          ok: String(refused).includes('429'),
        },
      ] satisfies Finding[];
    } finally {
      for (const socket of open) socket.terminate();
      api.close();
    }
  },
};

function connect(url: string, key: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, 'warren.v1', {
      headers: { authorization: `Bearer ${key}` },
      perMessageDeflate: false,
    });
    socket.once('message', () => resolve(socket)); // `hello`
    socket.once('error', reject);
  });
}
