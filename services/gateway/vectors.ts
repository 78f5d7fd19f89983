import type { StoredEvent } from '../../shared/messages/client-event.ts';
import type { Job } from '../../shared/messages/job.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Vectors are kept as base64 of little-endian Float32; clients get numbers unless they asked for base64. */
export const wantsNumbers = ({ type, input }: Pick<Job, 'type' | 'input'>): boolean =>
  type === 'embed' && input.encoding_format !== 'base64';

const FLOAT_BYTES = 4;

function numbersOf(base64: string): number[] {
  const bytes = Buffer.from(base64, 'base64');
  return Array.from({ length: bytes.length / FLOAT_BYTES }, (_, index) => bytes.readFloatLE(index * FLOAT_BYTES));
}

/** A result with its base64 vectors as arrays of numbers; any other result as it is. */
export function withNumbers(result: Fields): Fields {
  if (!Array.isArray(result.vectors)) return result;
  return {
    ...result,
    vectors: result.vectors.map((vector) => (typeof vector === 'string' ? numbersOf(vector) : vector)),
  };
}

export function eventWithNumbers(event: StoredEvent): StoredEvent {
  const { result } = event.data;
  if (event.event !== 'job.succeeded' || typeof result !== 'object' || result === null) return event;
  return { ...event, data: { ...event.data, result: withNumbers(result as Fields) } };
}
