import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { count, oneLine } from '../text.ts';
import { type Ledger, OUTCOMES } from './ledger.ts';

/** Failures listed by name; --json has all of them. */
const MAX_LISTED = 20;

interface Done {
  readonly collection: string;
  readonly ledger: Ledger;
  readonly jobs: ReadonlySet<string>;
  readonly open: ReadonlySet<string>;
}

/** Tells how a run went. @returns the exit code that it deserves */
export function report({ terminal, json }: Context, { ledger, collection, jobs, open }: Done): number {
  const interrupted = terminal.signal.aborted;
  const counts = Object.fromEntries(OUTCOMES.map((status) => [status, ledger.count(status)]));
  if (json)
    terminal.out(JSON.stringify({ collection, ...counts, interrupted, jobs: [...jobs], documents: ledger.entries }));
  else summarise({ terminal }, counts, ledger, collection);
  if (interrupted) sayWhatGoesOn({ terminal }, open);
  if (interrupted) return EXIT.interrupted;
  return ledger.faulty.length > 0 ? EXIT.failed : EXIT.ok;
}

function summarise(
  { terminal }: Pick<Context, 'terminal'>,
  counts: Readonly<Record<string, number>>,
  ledger: Ledger,
  collection: string,
): void {
  const parts = Object.entries(counts).flatMap(([status, n]) => (n > 0 ? `${n} ${status}` : []));
  terminal.out(
    `${count(ledger.entries.length, 'document')} for "${collection}": ${parts.join(', ') || 'nothing done'}`,
  );
  for (const { id, status, error = 'no reason given' } of ledger.faulty.slice(0, MAX_LISTED))
    terminal.say(`  ${terminal.paintErr.red(status)} ${oneLine(id)}: ${oneLine(error)}`);
  if (ledger.faulty.length > MAX_LISTED)
    terminal.say(`  … and ${ledger.faulty.length - MAX_LISTED} more; --json lists all`);
}

function sayWhatGoesOn({ terminal }: Pick<Context, 'terminal'>, open: ReadonlySet<string>): void {
  terminal.say(
    open.size === 0
      ? 'Stopped. The same command sends the rest.'
      : `Stopped sending. ${count(open.size, 'job')} ${open.size === 1 ? 'goes' : 'go'} on in the server: ${[...open].join(' ')}
Follow one with \`warren job ID --follow\`, stop it with \`warren cancel ID\`. The same command waits for ${open.size === 1 ? 'it' : 'them'} and sends the rest: nothing is sent twice.`,
  );
}
