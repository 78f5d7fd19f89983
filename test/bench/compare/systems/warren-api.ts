import { httpRequest } from '../load/http-connection.ts';
import type { SocketAddress } from '../load/push-client.ts';
import { type Api, JOB } from './system.ts';

export const KEY = 'bench-key-0001';
const HEADERS = { authorization: `Bearer ${KEY}` } as const;

const socketAt = (port: number): SocketAddress => ({
  url: `ws://127.0.0.1:${port}/v1/ws`,
  protocol: 'warren.v1',
  headers: HEADERS,
  greets: true,
});

/** Warren's public interface, as any client sees it. */
export const warrenApi = (port: number): Api => ({
  port,
  warmUp: httpRequest('GET', '/livez', {}),
  submit: httpRequest('POST', '/v1/jobs', HEADERS, JOB),
  status: (job) => httpRequest('GET', `/v1/jobs/${job}`, HEADERS),
  push: {
    ...socketAt(port),
    submit: (id) => JSON.stringify({ type: 'submit', id, job: JOB }),
    outcome: (frame) => {
      if (frame.includes('"event":"job.succeeded"')) return 'succeeded';
      return frame.includes('"event":"job.failed"') || frame.includes('"type":"error"') ? 'failed' : undefined;
    },
  },
  stream: {
    ...socketAt(port),
    submit: (model) =>
      JSON.stringify({ type: 'submit', id: '1', job: { type: 'generate', input: { prompt: 'x', model } } }),
    text: (frame) => {
      if (!frame.includes('"event":"output.delta"')) return undefined;
      return (JSON.parse(frame) as { data: { text: string } }).data.text;
    },
    ends: (frame) => /"event":"job\.(succeeded|failed)"/.test(frame),
  },
});
