import { quantile } from '../../../support/quantiles.ts';
import { openSocket } from '../load/push-client.ts';
import type { StreamDialect } from '../systems/system.ts';
import { countCpu } from './cost.ts';
import type { Phase } from './phase.ts';

const GENERATIONS = 200;
const TOKENS_PER_SECOND = 50;
const TIMEOUT_MS = 120_000;
/** Each token is the time it was sent at; what is behind the point may come later. */
const STAMP = /\d{13}/g;

export const stream: Phase = {
  name: 'stream',
  about: `${GENERATIONS} texts at once, ${TOKENS_PER_SECOND} tokens a second each: their way from the model to the client`,
  async run({ running, scale }) {
    const { stream: dialect } = running.api;
    if (dialect === undefined) return {};
    const cpu = countCpu(running);
    const model = `mock-clock-itl${1000 / TOKENS_PER_SECOND}-len${scale.streamTokens}`;
    const begun = performance.now();
    const late = (await Promise.all(Array.from({ length: GENERATIONS }, () => read(dialect, model)))).flat();
    const seconds = (performance.now() - begun) / 1000;
    const wanted = GENERATIONS * scale.streamTokens;
    if (late.length !== wanted) throw new Error(`${late.length} of ${wanted} tokens came`);
    return {
      'stream.tokens': late.length / seconds,
      'stream.p50': quantile(late, 0.5),
      'stream.p99': quantile(late, 0.99),
      ...cpu('stream', late.length),
    };
  },
};

/** Resolves with the ms that each token was under way. */
async function read(dialect: StreamDialect, model: string): Promise<number[]> {
  const socket = await openSocket(dialect);
  const late: number[] = [];
  let text = '';
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`a text was not whole in ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      const over = (error?: Error) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      };
      socket.once('error', over).once('close', (code) => over(new Error(`the WebSocket was closed (${code})`)));
      socket.on('message', (data) => {
        const frame = String(data);
        const now = performance.timeOrigin + performance.now();
        text += dialect.text(frame) ?? '';
        for (const [stamp] of text.matchAll(STAMP)) late.push(now - Number(stamp));
        text = text.slice(text.lastIndexOf(' ')).replace(STAMP, '');
        if (dialect.ends(frame)) over();
      });
      socket.send(dialect.submit(model));
    });
    return late;
  } finally {
    socket.terminate();
  }
}
