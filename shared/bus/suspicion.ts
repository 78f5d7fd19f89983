import type { Message } from 'amqplib';

/** Deliveries without an answer after which a command is taken to be what ended its workers. */
const POISON_DELIVERIES = 10;
/** So many may be chance: a worker that was killed, a connection that broke, a neighbour that was poison. */
const CHANCE_DELIVERIES = 3;

/** Our own count of a command's deliveries without an answer, from before it was put to the back of its lane. */
export const UNANSWERED_HEADER = 'x-unanswered';

/**
 * What to make of a command that comes again and again without an answer:
 * - `none`: carry it out like any other;
 * - `back`: put it to the back of its lane with what was counted, so that others come first;
 * - `alone`: carry it out while nothing else runs in this process, so that no other command goes down with it;
 * - `poison`: it is a dead letter.
 */
export type Suspicion = 'none' | 'back' | 'alone' | 'poison';

/** Deliveries of a message that ended without an answer, in all and since it was last put to the back. */
export function unansweredOf({ properties: { headers = {} } }: Message): { total: number; lately: number } {
  const [lately, before] = [headers['x-delivery-count'], headers[UNANSWERED_HEADER]].map((count) =>
    typeof count === 'number' && count > 0 ? count : 0,
  ) as [number, number];
  return { total: before + lately, lately };
}

export function suspicionOf({ total, lately }: { total: number; lately: number }): Suspicion {
  if (total >= POISON_DELIVERIES) return 'poison';
  if (total < CHANCE_DELIVERIES) return 'none';
  return lately > 0 ? 'back' : 'alone';
}
