import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type JobReply, request } from './clients/gateway.ts';
import type { DeadLetter, History, StoredDocument, StoredEvent, StoredJob } from './history.ts';
import { type Recorder, seen } from './recorder.ts';
import type { System } from './system/system.ts';

const PAGE = 100;
const EVENTS_PAGE = 500;
const AT_ONCE = 8;
const LOOK_MS = 500;
/** Queues that are about to be empty may take a moment to say so: the broker counts every five seconds. */
const LEFTOVERS_TIMEOUT_MS = 15_000;

interface Page<Item> {
  readonly data: Item[];
  readonly has_more: boolean;
  readonly next_cursor?: string;
}

type JobView = JobReply & Pick<StoredJob, 'collection' | 'tags' | 'error' | 'result' | 'usage'>;
type EventView = Omit<StoredEvent, 'digest'> & { readonly at: string };

/** All that was recorded, and all that is stored now that nothing goes on any more. */
export async function audit(system: System, recorder: Recorder): Promise<History> {
  const jobs = await readJobs(system);
  const { requests, tokens_sent, texts_embedded } = system.provider.counts();
  return {
    excuses: recorder.excuses,
    attempts: recorder.attempts,
    streams: recorder.streams,
    rereads: recorder.rereads,
    undisturbedMs: recorder.undisturbedMs,
    faults: recorder.faults,
    crashes: recorder.crashes,
    jobs,
    documents: await readDocuments(system),
    deadLetters: await readDeadLetters(system),
    leftovers: await leftoversAtRest(system),
    provider: { requests, tokens: tokens_sent, texts: texts_embedded },
  };
}

async function leftoversAtRest(system: System): Promise<Map<string, string>> {
  const until = Date.now() + LEFTOVERS_TIMEOUT_MS;
  for (;;) {
    const leftovers = await readLeftovers(system);
    if (leftovers.size === 0 || Date.now() > until) return leftovers;
    await sleep(LOOK_MS);
  }
}

/** All jobs of the clients, also those whose acceptance nobody heard of, with all their events. */
async function readJobs({ gateways: [gateway = ''] }: System): Promise<StoredJob[]> {
  const jobs: JobView[] = [];
  for (let after = ''; ; ) {
    const page = await ask<Page<JobView>>(gateway, `/v1/jobs?limit=${PAGE}${after && `&after=${after}`}`);
    jobs.push(...page.data);
    if (!page.has_more || page.next_cursor === undefined) break;
    after = encodeURIComponent(page.next_cursor);
  }
  const stored: StoredJob[] = [];
  const left = [...jobs];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let job = left.pop(); job !== undefined; job = left.pop()) stored.push(await readJob(gateway, job));
    }),
  );
  return stored;
}

async function readJob(gateway: string, { last_seq, ...job }: JobView): Promise<StoredJob> {
  // The list may be older than the job's last event.
  const now = await ask<JobView>(gateway, `/v1/jobs/${job.id}`);
  const events = await readEvents(gateway, job.id);
  return { ...job, ...now, lastSeq: now.last_seq, events };
}

async function readEvents(gateway: string, job: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (;;) {
    const after = events.at(-1)?.seq ?? 0;
    const page = await ask<Page<EventView>>(gateway, `/v1/jobs/${job}/events?after=${after}&limit=${EVENTS_PAGE}`);
    events.push(...page.data.map((event) => ({ ...seen(event), data: event.data })));
    if (!page.has_more) return events;
  }
}

/** How many jobs of the clients have not ended. */
export async function unfinished({ gateways: [gateway = ''] }: System): Promise<number> {
  const counts = await Promise.all(
    ['queued', 'running', 'scheduled'].map((status) =>
      ask<Page<JobView>>(gateway, `/v1/jobs?status=${status}&limit=${PAGE}`),
    ),
  );
  return counts.reduce((sum, { data }) => sum + data.length, 0);
}

async function readDeadLetters({ gateways: [gateway = ''] }: System): Promise<DeadLetter[]> {
  const { data } = await ask<Page<{ id: string; job?: string; error: { code: string } }>>(
    gateway,
    '/v1/dead-letters?limit=500',
    true,
  );
  return data.map(({ id, job, error }) => ({ id, job, code: error.code }));
}

/** What lies in queues that are empty when nothing is to be done, in words, by queue. */
async function readLeftovers({ broker }: System): Promise<Map<string, string>> {
  const queues = await broker.api<Queue[]>('GET', `queues?columns=${QUEUE_COLUMNS.join(',')}`);
  const busy = /^(?:journal\.|retry\.|embedder\.|generator\.|rag-orchestrator\.)/;
  return new Map(
    queues.flatMap(({ name, messages_ready: ready = 0, messages_unacknowledged: unacked = 0, consumers }) =>
      busy.test(name) && ready + unacked > 0
        ? [[name, `${ready} messages ready, ${unacked} not acked, ${consumers} consumers`] as const]
        : [],
    ),
  );
}

const QUEUE_COLUMNS = ['name', 'messages_ready', 'messages_unacknowledged', 'consumers'] as const;

interface Queue {
  readonly name: string;
  readonly messages_ready?: number;
  readonly messages_unacknowledged?: number;
  readonly consumers?: number;
}

/** What is searchable, as it lies in the database: there is no other place that shows a passage stored twice. */
async function readDocuments({ database }: System): Promise<StoredDocument[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query(DOCUMENTS);
    return rows.map((row) => ({
      collection: row.collection,
      id: row.id,
      revision: row.revision,
      status: row.status,
      total: Number(row.total),
      passages: Number(row.passages),
      failedPassages: Number(row.failed_passages),
      places: Number(row.places),
      vectors: Number(row.vectors),
    }));
  } finally {
    await client.end();
  }
}

const DOCUMENTS = `
  select c.name as collection, d.id, d.live_revision as revision, e.status, e.total, e.failed_passages,
    (select count(*) from passages p where p.edition = e.no) as passages,
    (select count(distinct p.start_at) from passages p where p.edition = e.no) as places,
    (select count(*) from vectors v where v.edition = e.no) as vectors
  from documents d
  join collections c on c.id = d.collection_id
  join editions e on e.no = d.live_edition
  order by c.name, d.id`;

async function ask<Body>(gateway: string, path: string, admin = false): Promise<Body> {
  const { status, body } = await request<Body>(gateway, 'GET', path, {
    admin,
    headers: { accept: 'application/json' },
    timeoutMs: 60_000,
  });
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
  return body;
}
