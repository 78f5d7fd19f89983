import { createInterface } from 'node:readline/promises';
import { SingleBar } from 'cli-progress';
import colors from 'picocolors';

export interface Progress {
  /** `note` stands behind the numbers. */
  update(done: number, total: number, note?: string): void;
  close(): void;
}

type Colors = ReturnType<typeof colors.createColors>;

/** What the commands see of the outside: results go to stdout, words about them to stderr. */
export interface Terminal {
  /** True when a person sits there: questions can be asked, a progress bar can be drawn. */
  readonly interactive: boolean;
  /** Colours for stdout and for stderr; none where it is no terminal or NO_COLOR is set. */
  readonly paint: Colors;
  readonly paintErr: Colors;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Writes to stdout as it is. */
  write(text: string): void;
  /** A line on stdout. */
  out(line: string): void;
  /** A line on stderr. */
  say(line: string): void;
  ask(question: string): Promise<boolean>;
  progress(unit: string): Progress;
}

export function processTerminal(signal: AbortSignal): Terminal {
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    interactive,
    signal,
    paint: colors.createColors(colors.isColorSupported && process.stdout.isTTY === true),
    paintErr: colors.createColors(colors.isColorSupported && process.stderr.isTTY === true),
    write: (text) => void process.stdout.write(text),
    out: (line) => void process.stdout.write(`${line}\n`),
    say: (line) => void process.stderr.write(`${line}\n`),
    ask: (question) => ask(question, signal),
    progress: (unit) => (process.stderr.isTTY === true ? bar(unit) : { update: () => {}, close: () => {} }),
  };
}

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

function bar(unit: string): Progress {
  const drawn = new SingleBar({
    format: `{bar} {value}/{total} ${unit} · {eta_formatted} left{note}`,
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  });
  let started = false;
  return {
    update: (done, total, note = '') => {
      if (!started) drawn.start(total, 0, { note: '' });
      started = true;
      drawn.setTotal(total);
      drawn.update(done, { note: note === '' ? '' : ` · ${note}` });
    },
    close: () => {
      if (started) drawn.stop();
    },
  };
}
