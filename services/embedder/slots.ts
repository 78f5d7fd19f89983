import type { ServeOptions } from '../../shared/bus/bus.ts';
import { CALL_TEXTS } from './gather.ts';

/** Queries must not wait until documents free a slot; what they need, the model, is shared by all calls anyway. */
const EXPRESS_SLOTS = 8;
/** However many calls the model takes at once: each command held costs memory, and goes back when the worker stops. */
const MOST_SLOTS = 1024;

/**
 * How many commands an embedder that makes `calls` calls at once takes: as many texts as fill all of them and one more
 * that waits to follow, in many commands of one text or in few of many.
 */
export function embedderSlots(calls: number): Required<Pick<ServeOptions, 'concurrency' | 'room' | 'express'>> {
  const room = (calls + 1) * CALL_TEXTS;
  return { concurrency: Math.min(room, MOST_SLOTS), room, express: { high: EXPRESS_SLOTS } };
}
