import type { DeadLetterFilter, DeadLetters } from '../../../shared/bus/bus.ts';
import { EXIT } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

export type Deed = 'replay' | 'discard';

export interface ActCommand {
  readonly limit?: number;
  readonly rate?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

interface Outcome {
  readonly matched: number;
  readonly done: number;
  readonly skipped: readonly { readonly id: string; readonly why: string }[];
}

const letters = (count: number) => `${count} dead letter${count === 1 ? '' : 's'}`;
const PAST = { replay: 'replayed', discard: 'discarded' } as const satisfies Record<Deed, string>;

/** What became of a letter's job stands in the database, which this script does not have. */
const JOBS_UNSEEN =
  'The script cannot see the jobs: the letter of one that is gone or is not failed any more is used up and does nothing. ' +
  '`warren dead-letters replay` leaves it where it is.';

/** Replays or discards what the filter chooses, after asking. Returns the exit code. */
export async function act(
  deed: Deed,
  dead: DeadLetters,
  filter: DeadLetterFilter,
  command: ActCommand,
  terminal: Terminal,
): Promise<number> {
  const preview = await carryOut(deed, dead, filter, { ...command, dryRun: true }, terminal);
  const willing = preview.matched - preview.skipped.length;
  if (deed === 'replay' && willing > 0 && command.json !== true) terminal.err(JOBS_UNSEEN);
  if (command.dryRun === true || willing === 0) return report(deed, preview, command, terminal);
  if (command.yes !== true) {
    if (!terminal.interactive) {
      terminal.err(`This would ${deed} ${letters(willing)}. Say --yes to do it, or --dry-run to look only.`);
      return EXIT.usage;
    }
    if (!(await terminal.ask(`${deed === 'replay' ? 'Replay' : 'Discard for ever'} ${letters(willing)}?`))) {
      terminal.err('Nothing was done.');
      return terminal.signal.aborted ? EXIT.interrupted : EXIT.usage;
    }
  }
  const outcome = await carryOut(deed, dead, filter, command, terminal, preview.matched);
  return report(deed, outcome, command, terminal);
}

async function carryOut(
  deed: Deed,
  dead: DeadLetters,
  filter: DeadLetterFilter,
  { limit, rate, dryRun }: ActCommand,
  terminal: Terminal,
  total = 0,
): Promise<Outcome> {
  const progress = terminal.progress();
  const options = {
    ...(limit !== undefined && { limit }),
    ...(rate !== undefined && { ratePerS: rate }),
    ...(dryRun === true ? { dryRun } : { onProgress: ({ done }: { done: number }) => progress.update(done, total) }),
    signal: terminal.signal,
  };
  try {
    if (deed === 'replay') {
      const { matched, replayed, skipped } = await dead.replay(filter, options);
      return { matched, done: replayed, skipped };
    }
    const { matched, discarded, skipped } = await dead.discard(filter, options);
    return { matched, done: discarded, skipped };
  } finally {
    progress.close();
  }
}

function report(deed: Deed, { matched, done, skipped }: Outcome, command: ActCommand, terminal: Terminal): number {
  const dryRun = command.dryRun === true;
  const interrupted = terminal.signal.aborted;
  if (command.json === true) {
    terminal.out(JSON.stringify({ matched, [PAST[deed]]: done, skipped, dry_run: dryRun, interrupted }));
  } else if (dryRun) {
    terminal.out(`Would ${deed} ${letters(matched - skipped.length)}. Nothing was done.`);
  } else {
    terminal.out(`${matched === 0 ? 'No dead letter fits' : `${PAST[deed]} ${done} of ${letters(matched)}`}.`);
    if (interrupted) terminal.out('Stopped as asked; the others lie where they were.');
  }
  if (command.json !== true) for (const { id, why } of skipped) terminal.err(`skipped ${id}: ${why}`);
  if (interrupted) return EXIT.interrupted;
  return skipped.length > 0 ? EXIT.partly : EXIT.done;
}
