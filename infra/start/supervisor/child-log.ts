import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const LIMIT_BYTES = 10 * 1024 * 1024;
const LAST_LINES = 6;
const TAIL_BYTES = 8 * 1024;

/**
 * Opens a child's log for appending; a log above 10 MB is put aside first, so that each takes at most twice that.
 * The child writes the file itself: no process of ours stands between it and its log.
 */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > LIMIT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/** The end of what was written to a log since it had `from` bytes, whole lines only. */
function readTail(file: string, from: number): string[] {
  if (!existsSync(file)) return [];
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const start = Math.max(from, size - TAIL_BYTES);
    const bytes = Buffer.alloc(size - start);
    readSync(handle, bytes, 0, bytes.length, start);
    const lines = bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    return start === from ? lines : lines.slice(1);
  } finally {
    closeSync(handle);
  }
}

const LEVEL_ERROR = 50;

interface LogLine {
  readonly level?: number;
  readonly msg?: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
}

const parse = (line: string): LogLine | undefined => {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
};

const describe = ({ msg, err }: LogLine): string => [msg, err?.message].filter(Boolean).join(': ');

/** How long a log is now; 0 when there is none. */
export const logSize = (file: string): number => (existsSync(file) ? statSync(file).size : 0);

/**
 * Why a child ended, as far as its log tells: its last error line, or the last lines that are no log lines at all
 * (what Node prints when it cannot even start a program).
 * @param from where in the log its run began; what stands before is of runs before
 */
export function lastWords(file: string, from = 0): string {
  const lines = readTail(file, from);
  const errors = lines.map(parse).filter((line) => (line?.level ?? 0) >= LEVEL_ERROR);
  const last = errors.at(-1);
  if (last) return describe(last);
  return lines
    .filter((line) => parse(line) === undefined)
    .slice(-LAST_LINES)
    .map((line) => line.trim())
    .join(' | ');
}
