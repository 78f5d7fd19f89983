import type { HttpAnswer, HttpConnection } from './http-connection.ts';

/** Milliseconds of each call, and how long all took together. */
export interface Timed {
  readonly times: readonly number[];
  readonly seconds: number;
}

/** How long to go on: so many milliseconds, or so many calls in all. */
export type Until = { readonly ms: number } | { readonly calls: number };

/** Each client calls again as soon as it has its answer. */
export async function closedLoop<Client>(
  clients: readonly Client[],
  until: Until,
  call: (client: Client) => Promise<unknown>,
): Promise<Timed> {
  const times: number[] = [];
  const begun = performance.now();
  let calls = 0;
  const goesOn = () => ('ms' in until ? performance.now() - begun < until.ms : calls < until.calls);
  await Promise.all(
    clients.map(async (client) => {
      while (goesOn()) {
        calls += 1;
        const since = performance.now();
        await call(client);
        times.push(performance.now() - since);
      }
    }),
  );
  return { times, seconds: (performance.now() - begun) / 1000 };
}

/**
 * Calls come at a steady rate, whether those before are answered or not. One that finds no free client is timed from the
 * moment when it was due.
 */
export async function openLoop<Client>(
  clients: readonly Client[],
  { perSecond, seconds }: { perSecond: number; seconds: number },
  call: (client: Client) => Promise<unknown>,
): Promise<Timed> {
  const times: number[] = [];
  const begun = performance.now();
  const calls = perSecond * seconds;
  let next = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (next < calls) {
        const due = begun + (next++ * 1000) / perSecond;
        const early = due - performance.now();
        if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
        const since = early > 0 ? performance.now() : due;
        await call(client);
        times.push(performance.now() - since);
      }
    }),
  );
  return { times, seconds: (performance.now() - begun) / 1000 };
}

const ACCEPTED = 202;

/** Submits one job; anything but an accepted one ends the measurement. */
export async function submit(connection: HttpConnection, request: string): Promise<HttpAnswer> {
  const answer = await connection.send(request);
  if (answer.status !== ACCEPTED) throw new Error(`a submission was answered with ${answer.status}: ${answer.body}`);
  return answer;
}
