import { createInterface } from 'node:readline/promises';
import { SingleBar } from 'cli-progress';

/** What the commands see of the outside: where they write, and whether a person reads it. */
export interface Terminal {
  /** True when questions can be asked and a progress bar can be drawn. */
  readonly interactive: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  out(line: string): void;
  err(line: string): void;
  ask(question: string): Promise<boolean>;
  /** Draws progress until closed; without a person it draws nothing. */
  progress(): { update(done: number, total: number): void; close(): void };
}

export const processTerminal = (signal: AbortSignal): Terminal => {
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    interactive,
    signal,
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    ask: (question) => ask(question, signal),
    progress: () => (interactive ? bar() : { update: () => {}, close: () => {} }),
  };
};

async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `, { signal })).trim());
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    lines.close();
  }
}

function bar() {
  const drawn = new SingleBar({
    format: '{bar} {value}/{total} · {eta_formatted} left',
    barsize: 30,
    hideCursor: true,
    stream: process.stderr,
  });
  let started = false;
  return {
    update: (done: number, total: number) => {
      if (!started) drawn.start(total, done);
      started = true;
      drawn.update(done);
    },
    close: () => {
      if (started) drawn.stop();
    },
  };
}
