import { expect } from 'chai';
import type { client, Event, JobView } from '../support/api.ts';

type Client = ReturnType<typeof client>;

const TERMINAL_EVENTS = new Set(['job.succeeded', 'job.failed', 'job.cancelled']);

/** What became of every accepted job. Everything but `accepted` and `ended` must stay empty. */
export interface Ledger {
  accepted: number;
  ended: number;
  readonly lost: string[];
  readonly failed: string[];
  readonly endedTwice: string[];
  readonly gaps: string[];
  readonly textDiffers: string[];
}

/** Follows every job to its end and checks its whole list of events. */
export async function audit(api: Client, ids: readonly string[], withinMs: number): Promise<Ledger> {
  const ledger: Ledger = {
    accepted: ids.length,
    ended: 0,
    lost: [],
    failed: [],
    endedTwice: [],
    gaps: [],
    textDiffers: [],
  };
  const until = Date.now() + withinMs;
  const waiting = [...ids];
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) await auditOne(api, id, until, ledger);
    }),
  );
  return ledger;
}

async function auditOne(api: Client, id: string, until: number, ledger: Ledger): Promise<void> {
  let job: JobView;
  try {
    job = await api.done(id, Math.max(until - Date.now(), 1_000));
  } catch {
    ledger.lost.push(id);
    return;
  }
  const events = await api.events(id);
  ledger.ended += 1;
  if (job.status !== 'succeeded') ledger.failed.push(`${id} ${job.type}: ${job.error?.message}`);
  if (events.filter(({ event }) => TERMINAL_EVENTS.has(event)).length !== 1) ledger.endedTwice.push(id);
  if (events.some(({ seq }, index) => seq !== index + 1)) ledger.gaps.push(id);
  const text = job.result?.answer ?? job.result?.text;
  if (text !== undefined && shownText(events) !== text) ledger.textDiffers.push(id);
}

/** The text a client has on its screen after these events. */
export function shownText(events: readonly Event[]): string {
  let text = '';
  for (const { event, data } of events) {
    if (event === 'output.reset') text = '';
    if (event === 'output.delta') text = text.slice(0, Number(data.offset)) + String(data.text);
  }
  return text;
}

export function expectClean(ledger: Ledger): void {
  const { lost, failed, endedTwice, gaps, textDiffers } = ledger;
  expect({ lost, failed, endedTwice, gaps, textDiffers }).to.deep.equal({
    lost: [],
    failed: [],
    endedTwice: [],
    gaps: [],
    textDiffers: [],
  });
  expect(ledger.ended).to.equal(ledger.accepted);
}
