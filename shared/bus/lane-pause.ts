import { pause } from './pause.ts';

export interface LanePause {
  readonly active: boolean;
  for(ms: number): void;
  /** Resolves when no pause is on. Never rejects. */
  over(): Promise<void>;
  /** Ends the pause for good; resolves when `resume` or `halt` is no longer running. */
  end(): Promise<void>;
}

/** Calls `halt`, waits until the last pause asked for is over, then calls `resume`. One at a time. */
export function lanePause(halt: () => Promise<void>, resume: () => Promise<void>): LanePause {
  const over = new AbortController();
  let until = 0;
  let running: Promise<void> | undefined;

  const run = async () => {
    await halt();
    while (Date.now() < until && !over.signal.aborted) await pause(until - Date.now(), over.signal);
    running = undefined;
    if (!over.signal.aborted) await resume();
  };

  return {
    get active() {
      return running !== undefined;
    },
    for: (ms) => {
      until = Math.max(until, Date.now() + ms);
      if (!over.signal.aborted) running ??= run();
    },
    over: async () => {
      while (running !== undefined) await running;
    },
    end: async () => {
      over.abort();
      await running;
    },
  };
}
