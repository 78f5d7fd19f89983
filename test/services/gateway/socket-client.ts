import { expect } from 'chai';
import WebSocket from 'ws';

export const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const ENDS = new Set(['job.succeeded', 'job.failed', 'job.cancelled']);

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
type Frame = Record<string, any>;

const open: WebSocket[] = [];

export function terminateSockets(): void {
  for (const socket of open.splice(0)) socket.terminate();
}

export type Client = Awaited<ReturnType<typeof openSocket>>;

export async function openSocket(
  url: string,
  headers: Record<string, string>,
  options: WebSocket.ClientOptions = {},
  query = '',
) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws${query}`, 'warren.v1', { headers, ...options });
  open.push(socket);
  const frames: Frame[] = [];
  const looks = new Set<() => void>();
  socket.on('message', (text) => {
    frames.push(JSON.parse(String(text)) as Frame);
    for (const look of looks) look();
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  const until = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        looks.delete(look);
        resolve(found);
      };
      looks.add(look);
      look();
    });
  const eventsOf = (job: string) => frames.filter((frame) => frame.type === 'event' && frame.job === job);
  const seqs = (job: string): number[] => eventsOf(job).map(({ seq }) => seq as number);
  const taken = new Set<Frame>();
  return {
    socket,
    frames,
    closed,
    seqs,
    send: (frame: unknown) => socket.send(JSON.stringify(frame)),
    /** The next frame of a type that was not taken yet. */
    next: (type: string, fits: (frame: Frame) => boolean = () => true) =>
      until(() => {
        const found = frames.find((frame) => frame.type === type && !taken.has(frame) && fits(frame));
        if (found !== undefined) taken.add(found);
        return found;
      }),
    event: (job: string, name: string) => until(() => eventsOf(job).find(({ event }) => event === name)),
    /** Numbers of the events of a job, once it has ended. */
    ended: (job: string) => until(() => (eventsOf(job).some(({ event }) => ENDS.has(event)) ? seqs(job) : undefined)),
  };
}

/** Expects a plain HTTP refusal of the upgrade. */
export async function refused(
  url: string,
  headers: Record<string, string>,
  query: string,
  status: number,
  protocol = 'warren.v1',
): Promise<void> {
  const socket = new WebSocket(
    `${url.replace('http', 'ws').replace('#', '')}${url.endsWith('#') ? '' : '/v1/ws'}${query}`,
    protocol,
    { headers },
  );
  const answered = await new Promise<number | undefined>((resolve, reject) => {
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.once('open', () => reject(new Error('the socket was opened')));
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  socket.terminate();
  expect(answered).to.equal(status);
}
