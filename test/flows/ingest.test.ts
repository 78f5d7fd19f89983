import { expect } from 'chai';
import fc from 'fast-check';
import type { Command } from '../../shared/messages/command.ts';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import { isTerminal } from '../../shared/messages/job.ts';
import { CommandFailed, CommandReplayed } from '../../shared/messages/outcome.ts';
import { type Event, type JournalRecord, recordOf } from '../../shared/messages/record.ts';
import { PassagesMade } from '../../shared/messages/splitting.ts';
import { JobCancel, JobOverdue } from '../../shared/messages/submission.ts';
import { JOB, submitted, World } from './given.ts';

const WINDOW = 3;

/** Passages of a document that is `unchanged`. */
const KNOWN = 5;
/** How many passages a document has, or why nothing of it is handed out. */
type Making = number | 'unchanged' | 'superseded';

/** A worker as simple as can be: documents have as many passages as told; texts that contain a poison word kill their batch. */
function carryOut(command: Command, passages: readonly Making[]): JournalRecord {
  const event = command.type === 'documents.split' ? splitOf(command, passages) : embeddedOf(command);
  return recordOf(command, event, 1);
}

function splitOf(command: Command, passages: readonly Making[]): Event {
  const { document, from } = command.body as { document: number; from: number };
  const total = passages[document] ?? 0;
  if (total === 'unchanged') return PassagesMade({ document, from, total: KNOWN, batches: [], unchanged: true });
  if (total === 'superseded') return PassagesMade({ document, from, total: 0, batches: [], superseded: true });
  if (total === 0) return PassagesMade({ document, from, total, batches: [], error: 'the document has no text' });
  const texts = Array.from({ length: Math.min(WINDOW * 2, total - from) }, (_, index) => `${document}:${from + index}`);
  const batches = [0, WINDOW]
    .filter((at) => at < texts.length)
    .map((at) => ({ from: from + at, texts: texts.slice(at, at + WINDOW) }));
  return PassagesMade({ document, from, total, batches });
}

function embeddedOf(command: Command): Event {
  const { batch, texts } = command.body as { batch: string; texts: string[] };
  const poison = texts.some((text) => text.endsWith(':1'));
  const error = { code: 'provider_error' as const, message: 'poison', retryable: false };
  if (poison && batch.startsWith('1.')) {
    return CommandFailed({
      command: command.id,
      stage: command.type,
      part: command.part,
      dead_letter: 'dl',
      replay: 0,
      error,
      body: command.body,
    });
  }
  return TextsEmbedded({ batch, model: 'm', dimensions: 1, vectors: texts, provider: 'p', provider_ms: 1 });
}

const ingesting = (count: number, bytes = 1) => {
  const documents = Array.from({ length: count }, (_, index) => ({
    id: `doc${index}`,
    mime_type: 'text/plain',
    bytes,
    text: 'x',
  }));
  return new World().turn(submitted('ingest', { collection: 'c', documents }, { collection: 'c', priority: 'low' }));
};

/** Runs everything sent until nothing is left; `order` may shuffle, repeat or hold back what comes next. */
function run(
  world: World,
  passages: readonly Making[],
  order: (waiting: JournalRecord[]) => JournalRecord[] = (all) => all,
): void {
  let done = 0;
  let held: JournalRecord[] = [];
  while (world.sent.length > done || held.length > 0) {
    const fresh = world.sent.slice(done).map((command) => carryOut(command, passages));
    done = world.sent.length;
    const waiting = [...held, ...fresh];
    const next = order(waiting);
    held = waiting.filter((record) => !next.includes(record));
    world.turn(...next);
  }
}

describe('ingest', () => {
  it('ends with every document searchable', () => {
    const world = ingesting(12);
    const passages = Array.from({ length: 12 }, (_, index) => (index === 1 ? 1 : index * 5 + 1));
    passages[1] = 1;
    run(world, passages);
    expect(world.job.status).to.equal('succeeded');
    expect(world.job.result?.counts).to.deep.equal({
      documents: 12,
      passages: passages.reduce((a, b) => a + b),
      failed: 0,
    });
    expect(world.job.progress.done).to.equal(world.job.progress.total);
  });

  it('keeps a bounded window in flight', () => {
    const world = ingesting(30, 100_000);
    expect(world.sent).to.have.lengthOf(8);
    expect(world.sent.every(({ priority }) => priority === 'low')).to.equal(true);
  });

  it('works on more documents at once when they are small, and never on fewer than on large ones', () => {
    expect(ingesting(300, 10).sent).to.have.lengthOf(64);
    expect(ingesting(300, 2048).sent).to.have.lengthOf(32);
    expect(ingesting(300, 8192).sent).to.have.lengthOf(8);
    expect(ingesting(300, 60_000).sent).to.have.lengthOf(8);
    const world = ingesting(300, 2048);
    world.hears('documents.split', PassagesMade({ document: 31, from: 0, total: 0, batches: [], error: 'empty' }), '0');
    expect(world.sent, 'one ended, one more').to.have.lengthOf(33);
  });

  it('halves a dead batch until the poison passage stands alone', () => {
    const world = ingesting(3);
    run(world, [7, 7, 7]);
    expect(world.job.status).to.equal('succeeded');
    const documents = world.job.result?.documents as { status: string; passages: number; error?: string }[];
    expect(documents.map(({ status }) => status)).to.deep.equal(['searchable', 'partial', 'searchable']);
    expect(documents[1]).to.deep.include({ passages: 6, error: 'poison' });
  });

  it('fails as partially_failed only when nothing of a document could be indexed', () => {
    const world = ingesting(3);
    run(world, [4, 4, 0]);
    expect(world.job.error).to.deep.include({ code: 'partially_failed' });
    expect(world.job.error?.message).to.contain('the document has no text');
    expect(world.writes.filter((write) => write.kind === 'document')).to.have.lengthOf(3);
  });

  it('neither embeds nor publishes what is known already, and says so', () => {
    const world = ingesting(3);
    run(world, [4, 'unchanged', 'superseded']);
    expect(world.job.status).to.equal('succeeded');
    expect(world.job.result).to.deep.equal({
      documents: [
        { id: 'doc0', status: 'searchable', passages: 4 },
        { id: 'doc1', status: 'searchable', passages: KNOWN, unchanged: true },
        { id: 'doc2', status: 'superseded', passages: 0 },
      ],
      counts: { documents: 3, passages: 4 + KNOWN, failed: 0, unchanged: 1 },
    });
    expect(world.writes.flatMap((write) => (write.kind === 'document' ? write.document : []))).to.deep.equal(['doc0']);
    expect(world.job.usage?.embedded_texts).to.equal(4);
    expect(world.job.progress).to.deep.equal({ done: 4 + KNOWN, total: 4 + KNOWN });
  });

  it('fails when a command is dead of which this release knows nothing', () => {
    const world = ingesting(1);
    const error = { code: 'validation' as const, message: 'nobody carries out "new"', retryable: false };
    const dead = { command: 'c', stage: 'new', part: '0', dead_letter: 'dl', replay: 0, body: {} };
    world.told(CommandFailed({ ...dead, error }));
    expect(world.job).to.include({ status: 'failed' });
    expect(world.job.error?.message).to.equal(error.message);
  });

  it('goes on after a replay with whatever had not ended, however the job had failed', () => {
    const world = ingesting(70);
    world.hears('documents.split', PassagesMade({ document: 63, from: 0, total: 0, batches: [], error: 'empty' }), '0');
    world.told(JobOverdue({}));
    expect(world.job.error).to.include({ code: 'deadline_exceeded' });
    const { id, type, part, priority, pool, max_attempts, replay, body } = world.command('documents.split');
    const command = { id, type, part, priority, pool, max_attempts, replay, body };
    world.told(CommandReplayed({ dead_letter: 'dl', command }));
    run(world, Array<Making>(70).fill(1));
    expect(world.job.result?.counts).to.deep.equal({ documents: 70, passages: 70, failed: 0 });
  });

  it('goes through a thousand documents, three of them broken: 997 searchable, three explained', () => {
    const world = ingesting(1000);
    const broken = [17, 500, 999];
    run(
      world,
      Array.from({ length: 1000 }, (_, index) => (broken.includes(index) ? 0 : 1)),
    );
    expect(world.job.status).to.equal('failed');
    expect(world.job.error).to.deep.include({ code: 'partially_failed' });
    expect(world.job.error?.message).to.match(/^3 of 1000 documents could not be indexed/);
    const documents = world.job.result?.documents as { id: string; status: string; error?: string }[];
    expect(documents.filter(({ status }) => status === 'searchable')).to.have.lengthOf(997);
    expect(documents.filter(({ status }) => status === 'failed')).to.deep.equal(
      broken.map((index) => ({ id: `doc${index}`, status: 'failed', passages: 0, error: 'the document has no text' })),
    );
    expect(world.job.result?.counts).to.deep.equal({ documents: 1000, passages: 997, failed: 3 });
    expect(JSON.stringify(world.job.result).length).to.be.below(128 * 1024);
    expect(JSON.stringify(world.job.state).length).to.be.below(128 * 1024);
  });

  it('ends exactly once under repeats, reordering and late events, and says nothing afterwards', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 0, max: 14 }), fc.constantFrom<Making>('unchanged', 'superseded')), {
          minLength: 1,
          maxLength: 11,
        }),
        fc.integer(),
        fc.boolean(),
        (passages, seed, cancel) => {
          const random = fc.sample(fc.infiniteStream(fc.nat()), { numRuns: 1, seed })[0];
          const pick = (below: number) => (random?.next().value ?? 0) % below;
          const world = ingesting(passages.length);
          let turns = 0;
          run(world, passages, (waiting) => {
            turns += 1;
            if (cancel && turns === 4) world.told(JobCancel({}));
            const next = waiting.filter(() => pick(3) > 0).sort(() => pick(3) - 1);
            const chosen = next.length > 0 ? next : waiting;
            return [
              ...chosen,
              ...chosen.filter(() => pick(2) === 0).map((record) => ({ ...record, id: `${record.id}#${turns}` })),
            ];
          });
          const ends = world.shown.filter((event) => ['job.succeeded', 'job.failed', 'job.cancelled'].includes(event));
          expect(ends).to.have.lengthOf(1);
          expect(world.shown.at(-1)).to.equal(ends[0]);
          expect(isTerminal(world.job.status)).to.equal(true);
          expect(world.events.map(({ seq }) => seq)).to.deep.equal(world.events.map((_, index) => index + 1));
          const stored = world.writes.flatMap((write) => (write.kind === 'vectors' ? write.vectors : []));
          expect(new Set(stored).size, 'a passage was stored twice').to.equal(stored.length);
          expect(world.jobs.size).to.equal(1);
          expect(world.jobs.has(JOB)).to.equal(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
