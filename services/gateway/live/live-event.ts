import type { PushedEvent, StoredEvent } from '../../../shared/messages/client-event.ts';
import { eventWithNumbers } from '../vectors.ts';

/** A stored event on its way to many readers; each form is written once, by whoever needs it first. */
export class LiveEvent {
  readonly event: StoredEvent;
  /** It was too large to be pushed, so its data must be read. */
  readonly isBare: boolean;
  #frame: string | undefined;
  #sse: string | undefined;
  #withNumbers: LiveEvent | undefined;

  constructor(event: PushedEvent) {
    this.isBare = !hasData(event);
    this.event = hasData(event) ? event : { ...event, data: {} };
  }

  /** As a WebSocket frame. */
  get frame(): string {
    this.#frame ??= JSON.stringify({ type: 'event', ...fieldsOf(this.event) });
    return this.#frame;
  }

  /** As a message of a text/event-stream. */
  get sse(): string {
    const { seq, event } = this.event;
    this.#sse ??= `id: ${seq}\nevent: ${event}\ndata: ${JSON.stringify(fieldsOf(this.event))}\n\n`;
    return this.#sse;
  }

  /** The same with the vectors of an embed job as numbers. */
  get withNumbers(): LiveEvent {
    const shown = eventWithNumbers(this.event);
    if (shown === this.event) return this;
    this.#withNumbers ??= new LiveEvent(shown);
    return this.#withNumbers;
  }
}

const hasData = (event: PushedEvent): event is StoredEvent => event.data !== undefined;

const fieldsOf = ({ job, seq, event, at, data }: StoredEvent) => ({ job, seq, event, at, data });
