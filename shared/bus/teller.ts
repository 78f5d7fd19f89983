import type { Command } from '../messages/command.ts';
import { type Event, recordOf } from '../messages/record.ts';
import type { Outbox } from './outbox.ts';

/** Records of one command that may be on the way before its handler has to wait. */
const MAX_UNCONFIRMED = 64;

export interface Teller {
  tell(event: Event, detail: string): Promise<void>;
  /** Resolves when all that was told is confirmed; rejects when something of it never will be. */
  confirmed(): Promise<void>;
}

/** Tells a job's journal what a running command has to say, in order, a bounded number of records ahead. */
export function tellerOf(command: Command, { append }: Outbox): Teller {
  const open = new Set<Promise<void>>();
  let failure: unknown;
  return {
    tell: async (event, detail) => {
      const sent: Promise<void> = append([recordOf(command, event, Date.now(), detail)]).then(
        () => {
          open.delete(sent);
        },
        (error: unknown) => {
          open.delete(sent);
          failure ??= error;
        },
      );
      open.add(sent);
      if (open.size >= MAX_UNCONFIRMED) await Promise.race(open);
    },
    confirmed: async () => {
      await Promise.all(open);
      if (failure !== undefined) throw failure;
    },
  };
}
