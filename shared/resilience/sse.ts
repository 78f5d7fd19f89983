import { createParser } from 'eventsource-parser';
import type { RetryableError, TerminalError } from '../bus/errors.ts';
import { broken } from './failure.ts';
import { explanation, refusal } from './refusal.ts';

const END = '[DONE]';
const SHOWN_CHARS = 100;
/** An event longer than this is none of a chat. */
const LONGEST_EVENT_CHARS = 1024 * 1024;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What an event means that tells an error in mid-stream: by its own code where it has one. */
function told(provider: string, error: unknown): RetryableError | TerminalError {
  const body = JSON.stringify({ error });
  const status = isObject(error) ? Number(error.code) : Number.NaN;
  if (status >= 400 && status <= 599) return refusal(provider, { status, body });
  return broken(provider, `failed while it wrote: ${explanation(body)}`);
}

function readEvent(provider: string, data: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    throw broken(provider, `sent a malformed event: ${data.slice(0, SHOWN_CHARS)}`);
  }
  if (!isObject(parsed)) throw broken(provider, `sent a malformed event: ${data.slice(0, SHOWN_CHARS)}`);
  if (parsed.error !== undefined && parsed.error !== null) throw told(provider, parsed.error);
  return parsed;
}

const isFinished = ({ choices }: Record<string, unknown>): boolean =>
  Array.isArray(choices) && choices.some((choice) => isObject(choice) && typeof choice.finish_reason === 'string');

/**
 * The events of a chat over server-sent events, as objects. Nothing is skipped in silence: a line or an event that
 * cannot be read, an error told in mid-stream, and a stream that ends before its text is whole (neither a
 * `finish_reason` nor `[DONE]`) fail it.
 */
export function chatEvents(provider: string): TransformStream<Uint8Array, Record<string, unknown>> {
  const decoder = new TextDecoder();
  let whole = false;
  let output: TransformStreamDefaultController<Record<string, unknown>> | undefined;
  let failed: Error | undefined;
  const take = (data: string): void => {
    if (failed !== undefined || data === '') return;
    if (data === END) {
      whole = true;
      return;
    }
    const event = readEvent(provider, data);
    whole ||= isFinished(event);
    output?.enqueue(event);
  };
  const parser = createParser({
    maxBufferSize: LONGEST_EVENT_CHARS,
    onEvent: ({ data }) => take(data),
    onError: ({ type, line }) => {
      if (type !== 'invalid-retry')
        failed ??= broken(provider, `sent a malformed line: ${line?.slice(0, SHOWN_CHARS) ?? ''}`);
    },
  });
  return new TransformStream({
    transform: (chunk, controller) => {
      output = controller;
      parser.feed(decoder.decode(chunk, { stream: true }));
      if (failed !== undefined) throw failed;
    },
    flush: () => {
      if (!whole) throw broken(provider, 'ended its stream before the text was whole');
    },
  });
}

/** The same check before a library that reads the bytes itself. */
export function checkedEvents(provider: string): TransformStream<Uint8Array, Uint8Array> {
  const events = chatEvents(provider);
  const encoder = new TextEncoder();
  const encode = new TransformStream<Record<string, unknown>, Uint8Array>({
    transform: (event, controller) => controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`)),
  });
  return { writable: events.writable, readable: events.readable.pipeThrough(encode) };
}
