import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { count, oneLine } from '../text.ts';
import { errands } from './errands.ts';
import type { File } from './files.ts';
import { Ledger } from './ledger.ts';
import type { Standing } from './standing.ts';

/** Says what a run would do, and does nothing. @returns the exit code */
export async function preview(
  { terminal, json }: Context,
  collection: string,
  files: readonly File[],
  standing: Standing,
  gone: readonly string[],
): Promise<number> {
  const ledger = new Ledger();
  const would = { add: [] as string[], replace: [] as string[], await: [] as string[], remove: [...gone] };
  for await (const errand of errands(files, standing, ledger)) {
    if ('follow' in errand) would.await.push(...errand.ids);
    else for (const { id } of errand.send) (standing.files.has(id) ? would.replace : would.add).push(id);
  }
  const unchanged = ledger.count('unchanged');
  if (json) {
    terminal.out(JSON.stringify({ collection, dry_run: true, ...would, unchanged, unreadable: ledger.faulty }));
    return EXIT.ok;
  }
  for (const [verb, ids] of Object.entries(would)) for (const id of ids) terminal.out(`${verb} ${oneLine(id)}`);
  for (const { id, error = '' } of ledger.faulty)
    terminal.say(`  ${terminal.paintErr.red('unreadable')} ${oneLine(id)}: ${oneLine(error)}`);
  terminal.say(
    `Would add ${would.add.length}, replace ${would.replace.length} and remove ${would.remove.length} of ${count(files.length + gone.length, 'document')}; ${unchanged} unchanged. Nothing was done.`,
  );
  return EXIT.ok;
}
