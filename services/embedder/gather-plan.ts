import type { Priority } from '../../shared/messages/job.ts';
import type { Role } from './models/model.ts';

/** What of a message still has to be sent to the model. */
export interface Waiting {
  readonly id: number;
  readonly role: Role;
  readonly priority: Priority;
  /** Shares no call with other messages: one of them may have made it fail before. */
  readonly alone: boolean;
  /** Characters of each of its texts. */
  readonly chars: readonly number[];
  /** Its first text that was not sent yet. */
  readonly next: number;
}

/** Texts `from` (inclusive) to `to` (exclusive) of a message. */
export interface Pick {
  readonly id: number;
  readonly from: number;
  readonly to: number;
}

/** Most of what goes into one call; a text larger than `chars` goes alone. */
export interface Limits {
  readonly texts: number;
  readonly chars: number;
}

export interface Call {
  readonly role: Role;
  readonly picks: readonly Pick[];
  /** Nothing more of the kind fits. */
  readonly full: boolean;
}

const RANK: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

/**
 * The next call for the model: the message that is first by priority and then by arrival, filled up with others of its
 * role. Messages are cut at the limits, and the rest travels in the next call.
 */
export function planCall(waiting: readonly Waiting[], limits: Limits): Call | undefined {
  const ordered = waiting.toSorted((a, b) => RANK[a.priority] - RANK[b.priority]);
  const [first] = ordered;
  if (first === undefined) return undefined;
  const { role } = first;
  const together = first.alone ? [first] : ordered.filter((each) => each.role === role && !each.alone);
  const picks: Pick[] = [];
  const room = { ...limits };
  for (const message of together) {
    const to = fill(message, room, picks.length === 0);
    if (to > message.next) picks.push({ id: message.id, from: message.next, to });
    if (to < message.chars.length) return { role, picks, full: true };
  }
  return { role, picks, full: first.alone || room.texts === 0 };
}

/** Takes texts of a message while there is room. @returns the first text that did not fit */
function fill({ chars, next }: Waiting, room: { texts: number; chars: number }, mustTake: boolean): number {
  let to = next;
  for (; to < chars.length && room.texts > 0; to += 1) {
    const size = chars[to] ?? 0;
    if (size > room.chars && !(mustTake && to === next)) break;
    room.texts -= 1;
    room.chars -= size;
  }
  return to;
}
