import type { PushedEvent, StoredEvent } from '../messages/client-event.ts';

/** One message holds up all behind it, and the broker closes a channel that sends too large a one (16 MiB). */
const MESSAGE_BYTES = 256 * 1024;
/** An event beyond this is not pushed to every gateway: who follows its job reads it from the database. */
const MAX_EVENT_BYTES = 4 * 1024 * 1024;

/** What one push message carries: events, or the news of one that is too large. */
export interface PushBody {
  readonly type: 'events' | 'stored';
  readonly content: Buffer;
}

/** Cuts what a turn shows into messages, in order. */
export function* pushBodies(events: readonly StoredEvent[]): Generator<PushBody> {
  let texts: string[] = [];
  let bytes = 0;
  for (const event of events) {
    const text = JSON.stringify(event);
    const size = Buffer.byteLength(text);
    if (texts.length > 0 && bytes + size > MESSAGE_BYTES) {
      yield bodyOf('events', texts);
      texts = [];
      bytes = 0;
    }
    if (size > MAX_EVENT_BYTES) {
      yield bodyOf('stored', [JSON.stringify(withoutData(event))]);
      continue;
    }
    texts.push(text);
    bytes += size;
  }
  if (texts.length > 0) yield bodyOf('events', texts);
}

const bodyOf = (type: PushBody['type'], texts: readonly string[]): PushBody => ({
  type,
  content: Buffer.from(`[${texts.join(',')}]`),
});

const withoutData = ({ job, seq, event, at }: StoredEvent): PushedEvent => ({ job, seq, event, at });
