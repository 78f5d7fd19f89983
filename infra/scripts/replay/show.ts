import colors from 'picocolors';
import type { DeadLetter } from '../../../shared/bus/bus.ts';

const MESSAGE_CHARS = 60;

/** How long ago, in the largest unit that fits: `42 s`, `7 min`, `3 h`, `12 d`. */
export function age(diedAt: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(diedAt)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Letters come from anywhere: nothing in them may move the cursor or break a line. */
const plain = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ');

const cut = (text: string): string => (text.length > MESSAGE_CHARS ? `${text.slice(0, MESSAGE_CHARS - 1)}…` : text);

const row = (letter: DeadLetter, now: number): string[] => [
  letter.id,
  age(letter.died_at, now),
  letter.queue,
  letter.type,
  String(letter.attempts),
  letter.error.code,
  cut(letter.error.message),
];

/** A table of dead letters, oldest first, as lines. */
export function table(letters: readonly DeadLetter[], now = Date.now()): string[] {
  const head = ['ID', 'AGE', 'QUEUE', 'COMMAND', 'TRIES', 'ERROR', 'MESSAGE'];
  const rows = letters.map((letter) => row(letter, now).map(plain));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [colors.bold(line(head)), ...rows.map(line)];
}

/** One dead letter in full, as lines. */
export function detail(letter: DeadLetter, now = Date.now()): string[] {
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['id', letter.id],
    ['job', letter.job],
    ['command', letter.command],
    ['type', letter.type],
    ['died', `${letter.died_at} (${age(letter.died_at, now)} ago)`],
    ['lane', letter.queue],
    ['reason', letter.reason],
    ['attempts', String(letter.attempts)],
    ['replays', String(letter.replay_count)],
    ['error', `${letter.error.code}: ${letter.error.message}`],
    ['provider', letter.error.provider],
    ['replayable', letter.replayable ? 'yes' : 'no'],
  ];
  return [
    ...fields.flatMap(([name, value]) =>
      value === undefined ? [] : [`${colors.bold(name.padEnd(11))}${plain(value)}`],
    ),
    colors.bold('body'),
    JSON.stringify(letter.body, null, 2),
  ];
}
