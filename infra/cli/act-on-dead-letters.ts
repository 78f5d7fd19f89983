import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetterFilter } from './api-types.ts';
import type { WarrenClient } from './client.ts';
import type { Context } from './context.ts';
import { deadLetterPages } from './dead-letter-pages.ts';
import { UsageError } from './errors.ts';
import { EXIT } from './exit-code.ts';
import { count, safe } from './text.ts';

export type Deed = 'replay' | 'discard';
const PAST = { replay: 'replayed', discard: 'discarded' } as const satisfies Record<Deed, string>;

/** The gateway takes no more ids than this at once. */
const MAX_IDS = 1000;
/** One request is to take no longer than this, so that progress moves and Ctrl-C stops soon. */
const REQUEST_S = 5;
const UNHURRIED_IDS = 50;
const REQUEST_TIMEOUT_MS = 120_000;

export interface Which {
  readonly ids: readonly string[];
  readonly filter: DeadLetterFilter;
}

interface How {
  readonly limit: number | undefined;
  readonly rate: number | undefined;
  readonly dryRun: boolean | undefined;
  readonly yes: boolean | undefined;
}

interface Outcome {
  matched: number;
  done: number;
  readonly skipped: { readonly id: string; readonly why: string }[];
}

/** Replays or discards dead letters once a person, or `--yes`, agreed. @returns the exit code */
export async function act(context: Context, deed: Deed, which: Which, how: How): Promise<number> {
  const { terminal } = context;
  if (deed === 'discard' && which.ids.length === 0 && Object.keys(which.filter).length === 0 && how.dryRun !== true) {
    throw new UsageError('say which to discard: ids, or a filter such as --error or --before');
  }
  const preview = await lookAt(context, deed, which, how);
  const willing = preview.matched - preview.skipped.length;
  if (how.dryRun === true || willing === 0) return report(context, deed, preview, how.dryRun === true);
  if (how.yes !== true && !(await agreed(context, deed, willing)))
    return terminal.signal.aborted ? EXIT.interrupted : EXIT.usage;
  return report(context, deed, await carryOut(context, deed, which, how, preview.matched), false);
}

async function lookAt({ client }: Context, deed: Deed, which: Which, { limit }: How): Promise<Outcome> {
  const body = { ...bodyOf(which), ...limitOf(limit), dry_run: true };
  const { matched, skipped = [] } = await client.actOnDeadLetters(deed, body);
  return { matched, done: 0, skipped: [...skipped] };
}

async function agreed({ terminal }: Context, deed: Deed, willing: number): Promise<boolean> {
  const letters = count(willing, 'dead letter');
  if (!terminal.interactive) {
    terminal.say(`This would ${deed} ${letters}. Say --yes to do it, or --dry-run to look only.`);
    return false;
  }
  const yes = await terminal.ask(`${deed === 'replay' ? 'Replay' : 'Discard for ever'} ${letters}?`);
  if (!yes) terminal.say('Nothing was done.');
  return yes;
}

/** In small requests, each naming its letters, so that none is touched twice however fast it fails again. */
async function carryOut(
  context: Context,
  deed: Deed,
  which: Which,
  { limit, rate }: How,
  matched: number,
): Promise<Outcome> {
  const { client, terminal } = context;
  const size = rate === undefined ? UNHURRIED_IDS : Math.max(1, Math.min(MAX_IDS, Math.floor(rate * REQUEST_S)));
  const outcome: Outcome = { matched, done: 0, skipped: [] };
  const progress = terminal.progress('dead letters');
  let free = 0; // when the rate allows the next request
  try {
    for await (const ids of groups(context, which, matched, size)) {
      if (limit !== undefined && outcome.done >= limit) break;
      await sleep(Math.max(0, free - Date.now()), undefined, { signal: terminal.signal });
      free = Date.now() + (rate === undefined ? 0 : (ids.length / rate) * 1000);
      // Letters that are skipped do not count, so more are named than there may be done.
      const left = limit === undefined ? undefined : limit - outcome.done;
      const body = { ids, ...limitOf(left), ...(rate !== undefined && { rate_per_s: rate }) };
      const answer = await client.actOnDeadLetters(deed, body, REQUEST_TIMEOUT_MS);
      outcome.done += answer[PAST[deed]] ?? 0;
      outcome.skipped.push(...(answer.skipped ?? []));
      progress.update(outcome.done + outcome.skipped.length, matched);
    }
  } catch (error) {
    if (!terminal.signal.aborted) throw error;
  } finally {
    progress.close();
  }
  return outcome;
}

/** The ids that are meant, in groups; each once. */
async function* groups(
  { client }: Context,
  { ids, filter }: Which,
  most: number,
  size: number,
): AsyncGenerator<string[]> {
  const seen = new Set<string>();
  const listed = ids.length > 0 ? [ids] : listedIds(client, filter, most);
  for await (const page of listed) {
    const fresh = [...new Set(page)].filter((id) => !seen.has(id)).slice(0, most - seen.size);
    for (const id of fresh) seen.add(id);
    for (let at = 0; at < fresh.length; at += size) yield fresh.slice(at, at + size);
    if (seen.size >= most) return;
  }
}

async function* listedIds(client: WarrenClient, filter: DeadLetterFilter, most: number): AsyncGenerator<string[]> {
  for await (const { data } of deadLetterPages(client, filter, most)) yield data.map(({ id }) => id);
}

const bodyOf = ({ ids, filter }: Which) => ({
  ...(ids.length > 0 && { ids }),
  ...(Object.keys(filter).length > 0 && { filter }),
});

const limitOf = (limit: number | undefined) => (limit === undefined ? {} : { limit });

function report({ terminal, json }: Context, deed: Deed, { matched, done, skipped }: Outcome, dryRun: boolean): number {
  const interrupted = terminal.signal.aborted;
  if (json) terminal.out(JSON.stringify({ matched, [PAST[deed]]: done, skipped, dry_run: dryRun, interrupted }));
  else if (dryRun) terminal.out(`Would ${deed} ${count(matched - skipped.length, 'dead letter')}. Nothing was done.`);
  else
    terminal.out(matched === 0 ? 'No dead letter fits.' : `${PAST[deed]} ${done} of ${count(matched, 'dead letter')}.`);
  if (!json) for (const { id, why } of skipped) terminal.say(`skipped ${id}: ${safe(why)}`);
  if (!interrupted) return skipped.length > 0 ? EXIT.failed : EXIT.ok;
  terminal.say('Stopped as asked; the others lie where they were.');
  return EXIT.interrupted;
}
