import type { Progress, Terminal } from '../cli/terminal.ts';

const SAY_EVERY_MS = 10_000;

/** A bar for a person; a line now and then where none sits, so that a log shows that it goes on. */
export function noted(terminal: Terminal, unit: string): Progress {
  if (terminal.interactive) return terminal.progress(unit);
  let last = performance.now();
  return {
    update: (done, total) => {
      if (performance.now() - last < SAY_EVERY_MS) return;
      last = performance.now();
      terminal.say(`    ${done} of ${total} ${unit}`);
    },
    close: () => undefined,
  };
}
