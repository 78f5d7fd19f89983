import type { History, Stream } from '../history.ts';
import type { Violation } from './violation.ts';

/** Events are stored without a gap, and every client saw exactly those, each once and in order, over all its connections. */
export function checkEvents({ jobs, streams, rereads }: History): Violation[] {
  const digests = new Map(jobs.map(({ id, events }) => [id, new Map(events.map(({ seq, digest }) => [seq, digest]))]));
  return [
    ...jobs.flatMap(({ id, events, lastSeq }): Violation[] => {
      const wrong = events.findIndex(({ seq }, index) => seq !== index + 1);
      if (wrong >= 0) return [stored(id, `number ${events[wrong]?.seq} stands at place ${wrong + 1}`)];
      return events.length === lastSeq ? [] : [stored(id, `${events.length} events, and the job says ${lastSeq}`)];
    }),
    ...streams.flatMap((stream) => checkStream(stream, digests.get(stream.job))),
    ...rereads.flatMap(({ client, job, seq, lastSeq }): Violation[] => {
      const what = `${client}: saw ${seq} when ${lastSeq} were stored`;
      return lastSeq < seq ? [{ promise: 'shown before stored', subject: job, what }] : [];
    }),
  ];
}

const stored = (subject: string, what: string): Violation => ({ promise: 'events stored', subject, what });

function checkStream(
  { client, job, after, seen, lastSeq }: Stream,
  digests: ReadonlyMap<number, string> | undefined,
): Violation[] {
  const broken: Violation[] = [];
  const say = (promise: Violation['promise'], what: string) =>
    broken.push({ promise, subject: job, what: `${client}: ${what}` });
  // The client comes back with a number it was shown: the store cannot know fewer.
  if (lastSeq !== undefined && lastSeq < after) say('shown before stored', `saw ${after} when ${lastSeq} were stored`);
  let last = after;
  const already = new Set<number>();
  for (const { seq, event, digest } of seen) {
    if (seq <= last) say(already.has(seq) || seq <= after ? 'event doubled' : 'event out of order', `${event} ${seq}`);
    else if (seq > last + 1) say('event gap', `${event} ${seq} after ${last}`);
    const truth = digests?.get(seq);
    if (digests !== undefined && truth !== digest)
      say(truth === undefined ? 'shown before stored' : 'event differs', `${event} ${seq}`);
    already.add(seq);
    last = Math.max(last, seq);
  }
  return broken;
}
