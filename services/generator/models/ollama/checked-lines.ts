import { broken } from '../../../../shared/resilience/failure.ts';
import { explanation } from '../../../../shared/resilience/refusal.ts';

/** A line longer than this is no message of a chat. */
const LONGEST_LINE_CHARS = 1024 * 1024;
const SHOWN_CHARS = 100;

/** What a line of the stream says. @throws {RetryableError} when it says nothing that can be read, or tells an error */
function readLine(provider: string, line: string): { done: boolean } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw broken(provider, `sent a malformed line: ${line.slice(0, SHOWN_CHARS)}`);
  }
  if (typeof parsed !== 'object' || parsed === null) {
    throw broken(provider, `sent a malformed line: ${line.slice(0, SHOWN_CHARS)}`);
  }
  if ('error' in parsed) throw broken(provider, `failed while it wrote: ${explanation(line)}`);
  return { done: 'done' in parsed && parsed.done === true };
}

/**
 * Lets through the lines of an NDJSON stream that are whole and can be read, and fails the stream on any other. The
 * client behind it would skip a malformed line in silence; here nothing of a text is lost without an error, and a
 * stream that ends before its last line is one.
 */
export function checkedLines(provider: string): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = '';
  let done = false;
  const pass = (line: string, controller: TransformStreamDefaultController<Uint8Array>): void => {
    if (line.trim() === '') return;
    done = readLine(provider, line).done || done;
    controller.enqueue(encoder.encode(`${line}\n`));
  };
  return new TransformStream({
    transform: (chunk, controller) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST_LINE_CHARS) throw broken(provider, 'sent a line without end');
      for (const line of lines) pass(line, controller);
    },
    flush: (controller) => {
      const last = rest + decoder.decode();
      if (!done && last.trim() === '') throw broken(provider, 'ended its stream before the text was whole');
      pass(last, controller);
      if (!done) throw broken(provider, 'ended its stream before the text was whole');
    },
  });
}
