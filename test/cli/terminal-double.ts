import colors from 'picocolors';
import type { Terminal } from '../../infra/cli/terminal.ts';

/** A terminal that remembers. */
export interface TerminalDouble extends Terminal {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly questions: string[];
  readonly progressed: (readonly [done: number, total: number])[];
  readonly stop: AbortController;
}

interface Person {
  /** What the person answers; without one nobody sits there. */
  readonly answers?: boolean;
}

export function terminalDouble({ answers }: Person = {}): TerminalDouble {
  let out = '';
  let err = '';
  const stop = new AbortController();
  const questions: string[] = [];
  const progressed: (readonly [number, number])[] = [];
  return {
    interactive: answers !== undefined,
    paint: colors.createColors(false),
    paintErr: colors.createColors(false),
    signal: stop.signal,
    stop,
    questions,
    progressed,
    write: (text) => {
      out += text;
    },
    out: (line) => {
      out += `${line}\n`;
    },
    say: (line) => {
      err += `${line}\n`;
    },
    ask: async (question) => {
      questions.push(question);
      return answers === true;
    },
    progress: () => ({ update: (done, total) => void progressed.push([done, total]), close: () => undefined }),
    stdout: () => out,
    stderr: () => err,
  };
}
