import { z } from 'zod';
import { validate } from '../middleware/validate.ts';
import { Problem } from '../problem.ts';
import { ClientFrame, FrameId, MAX_ID_CHARS } from './frames.ts';

/** A frame as it was understood, a refusal that its sender can be told under its id, or no frame at all. */
export type Parsed =
  | { readonly kind: 'frame'; readonly frame: ClientFrame }
  | { readonly kind: 'refused'; readonly id: string; readonly problem: Problem }
  | { readonly kind: 'bad'; readonly why: string };

const TYPES: ReadonlySet<string> = new Set(['submit', 'subscribe', 'unsubscribe', 'cancel', 'ping']);

/** Just enough of a frame to answer it. */
const Envelope = z.looseObject({ type: z.string(), id: FrameId.optional() });

export function parseFrame(text: string): Parsed {
  const envelope = Envelope.safeParse(jsonOf(text));
  if (!envelope.success) return { kind: 'bad', why: whyNot(envelope.error.issues) };
  const { type, id } = envelope.data;
  if (!TYPES.has(type)) return { kind: 'bad', why: `there is no frame "${type.slice(0, 50)}"` };
  try {
    return { kind: 'frame', frame: validate(ClientFrame, envelope.data) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return id === undefined ? { kind: 'bad', why: error.message } : { kind: 'refused', id, problem: error };
  }
}

/** The id is spoken of only where all else is a frame. */
const whyNot = (issues: readonly z.core.$ZodIssue[]): string =>
  issues.every(({ path }) => path[0] === 'id')
    ? `the id of a frame is a string of 1 to ${MAX_ID_CHARS} characters`
    : 'a frame is a JSON object with a type';

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
