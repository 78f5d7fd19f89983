import type { Context } from '../context.ts';
import { RefusedError } from '../errors.ts';
import { count, oneLine } from '../text.ts';
import { idOf } from './document.ts';
import type { File } from './files.ts';
import type { Ledger } from './ledger.ts';
import { isOf, type Root } from './roots.ts';
import type { Standing } from './standing.ts';

const MAX_LISTED = 20;
/** Requests at once. */
const CONCURRENCY = 4;

/** Documents that were files of these folders and are no longer. What came into the collection another way is not looked at. */
export function vanished({ files: known }: Standing, roots: readonly Root[], files: readonly File[]): string[] {
  const present = new Set(files.map(({ name }) => idOf(name)));
  return [...known]
    .filter(([id, name]) => !present.has(id) && roots.some((root) => isOf(root, name)))
    .map(([id]) => id);
}

/** Whether a person, or `--yes`, agreed that these documents go. */
export async function agreed({ terminal }: Context, ids: readonly string[], yes: boolean): Promise<boolean> {
  for (const id of ids.slice(0, MAX_LISTED)) terminal.say(`  gone ${oneLine(id)}`);
  if (ids.length > MAX_LISTED) terminal.say(`  … and ${ids.length - MAX_LISTED} more`);
  if (yes) return true;
  if (terminal.interactive) return await terminal.ask(`Remove ${count(ids.length, 'document')} whose files are gone?`);
  terminal.say(`This would remove ${count(ids.length, 'document')}. Say --yes to do it, or --dry-run to look only.`);
  return false;
}

/** Takes documents out of the collection. One that is not there is fine. */
export async function remove(
  { client }: Pick<Context, 'client'>,
  collection: string,
  ids: readonly string[],
  ledger: Ledger,
): Promise<void> {
  const waiting = [...ids];
  const remover = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      if (await removeOne({ client }, collection, id)) ledger.add({ id, status: 'removed' });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, remover));
}

async function removeOne({ client }: Pick<Context, 'client'>, collection: string, id: string): Promise<boolean> {
  try {
    await client.deleteDocument(collection, id);
    return true;
  } catch (error) {
    if (error instanceof RefusedError && error.status === 404) return false;
    throw error;
  }
}
