import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { patience } from '../../../shared/patience.ts';
import type { Stream } from '../history.ts';
import { type Recorder, seen } from '../recorder.ts';
import { CLIENT_KEY } from '../system/keys.ts';
import type { Workload } from '../workload.ts';
import type { Turns } from './client.ts';
import { TERMINAL_EVENTS } from './terminal-events.ts';

const AGAIN_MS = 200;
const NOTHING_MORE = 204;

interface Follower {
  readonly name: string;
  readonly job: string;
  readonly turns: Turns;
  readonly recorder: Recorder;
  readonly workload: Workload;
  readonly over: AbortSignal;
}

/** Follows a job by server-sent events, over as many connections as it takes. Never rejects. */
export async function followByStream({ name, job, turns, recorder, workload, over }: Follower): Promise<void> {
  for (let after = 0; !over.aborted; ) {
    const stream = recorder.stream(name, job, after);
    const { signal, end } = patience(workload.patienceMs(), over);
    const ended = await readStream(turns.next(), stream, signal).catch(() => false);
    end();
    if (ended) return;
    after = stream.seen.at(-1)?.seq ?? after;
    await sleep(AGAIN_MS);
  }
}

/** Resolves to whether the job's end was seen. */
async function readStream(gateway: string, stream: Stream, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(`${gateway}/v1/jobs/${stream.job}/events`, {
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${CLIENT_KEY}`,
      ...(stream.after > 0 ? { 'last-event-id': String(stream.after) } : {}),
    },
    signal,
  });
  if (response.status === NOTHING_MORE) return true;
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    return false;
  }
  const messages = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  let last: string | undefined;
  for await (const { data } of messages) {
    const event = seen(JSON.parse(data));
    stream.seen.push(event);
    last = event.event;
  }
  return last !== undefined && TERMINAL_EVENTS.has(last);
}
