import { expect } from 'chai';
import pino from 'pino';
import { GenerationUpkeep } from '../../services/rag-orchestrator/generations/generation-upkeep.ts';
import { generationHandlers } from '../../services/rag-orchestrator/generations/handlers.ts';
import type { Readers } from '../../services/rag-orchestrator/reading/readers.ts';
import { retrievePassages } from '../../services/rag-orchestrator/retrieve-passages.ts';
import { splitDocument } from '../../services/rag-orchestrator/split-document.ts';
import { createTurn } from '../../services/rag-orchestrator/turn.ts';
import { TerminalError } from '../../shared/bus/errors.ts';
import { newId } from '../../shared/ids.ts';
import type { Command } from '../../shared/messages/command.ts';
import { EmbedTexts, TextsEmbedded } from '../../shared/messages/embedding.ts';
import type { Job, JobType } from '../../shared/messages/job.ts';
import { CommandFailed } from '../../shared/messages/outcome.ts';
import { type Event, type JournalRecord, recordOf } from '../../shared/messages/record.ts';
import { PassagesRetrieved } from '../../shared/messages/retrieval.ts';
import { JobCancel, JobSubmitted } from '../../shared/messages/submission.ts';
import { createCollection, findCollection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { deleteDocument, listDocuments, type StoredDocument } from '../../shared/store/documents.ts';
import { findJob } from '../../shared/store/jobs.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';

const COLLECTION = 'docs';
const SETTINGS = { embedding_model: 'one', chunk_size: 16, chunk_overlap: 0 };
/** Models there are, and the dimensions of their vectors. */
const DIMENSIONS: Readonly<Record<string, number>> = { one: 2, two: 3, three: 4 };
const log = pino({ level: 'silent' });

/**
 * A collection and all that happens to it, one step at a time in whatever order: real turns, handlers and sweeps on a real
 * database, with embedders of several models in between. Commands and records wait until somebody takes them.
 */
export class CollectionLife {
  readonly waiting: Command[] = [];
  readonly unheard: JournalRecord[] = [];
  readonly jobs: string[] = [];
  readonly #db: Database;
  readonly #owner: string;
  readonly #handlers;
  readonly #turn;
  readonly #upkeep;

  constructor(db: Database, owner: string, readers: Readers) {
    this.#db = db;
    this.#owner = owner;
    this.#handlers = [
      splitDocument({ db, readers, defaults: SETTINGS }),
      retrievePassages(db),
      ...generationHandlers(db),
    ];
    this.#turn = createTurn({
      db,
      send: async ({ outputs }) => void this.waiting.push(...outputs.flatMap(({ commands }) => commands)),
      settings: { poolOf: () => 'default', shareOf: () => Number.POSITIVE_INFINITY },
      admission: { turned: () => undefined },
      embeddingModel: SETTINGS.embedding_model,
      log,
    });
    const append = async (records: readonly JournalRecord[]) => void this.unheard.push(...records);
    this.#upkeep = new GenerationUpkeep({ db, bus: { append }, rollbackTtlS: 3600 });
  }

  begin = () => createCollection(this.#db, this.#owner, COLLECTION, SETTINGS);
  sweep = () => this.#upkeep.sweep();

  async submit(type: JobType, input: Record<string, unknown>): Promise<void> {
    const job = newId('job');
    this.jobs.push(job);
    const event = JobSubmitted({
      ...{ type, owner: this.#owner, priority: 'low', collection: COLLECTION, tags: [], metadata: {} },
      input: { collection: COLLECTION, ...input },
      created_at: new Date().toISOString(),
    });
    await this.#turn([{ id: `${job}/${event.type}`, job, at: Date.now(), event }]);
  }

  ingest = (id: string, text: string) =>
    this.submit('ingest', { documents: [{ id, mime_type: 'text/plain', bytes: text.length, text }] });

  async delete(id: string): Promise<void> {
    await deleteDocument(this.#db, { collection_id: (await this.#collection()).id, id });
  }

  async cancel(job: string): Promise<void> {
    const event = JobCancel({});
    await this.#turn([{ id: `${job}/${event.type}`, job, at: Date.now(), event }]);
  }

  /** Carries out the nth command that waits; its record waits to be heard. */
  async carryOut(n: number): Promise<void> {
    const [command] = this.waiting.splice(n, 1);
    if (command === undefined) return;
    const record = await this.#outcome(command);
    if (record.event.type === PassagesRetrieved.type) await this.#checkSearch(record.event);
    this.unheard.push(record);
  }

  /** The nth record that waits is heard. */
  async hear(n: number): Promise<void> {
    const records = this.unheard.splice(n, 1);
    if (records.length > 0) await this.#turn(records);
  }

  async job(id: string): Promise<Job> {
    const job = await findJob(this.#db, id);
    if (job === undefined) throw new Error(`there is no ${id}`);
    return job;
  }

  async documents(): Promise<StoredDocument[]> {
    return listDocuments(this.#db, { collection_id: (await this.#collection()).id, limit: 1000 });
  }

  /** Searchable passages without a vector that answers, and vectors of generations that are not kept. */
  async holes(): Promise<{ lacking: number; stray: number }> {
    const rows = await this.#db.query<{ lacking: number; stray: number }>(
      `select
         (select count(*)::int from documents d join passages p on p.edition = d.live_edition
          join generations g on g.collection_id = d.collection_id and g.state = 'active'
          where d.collection_id = $1::int and not exists (
            select from vectors v where v.generation = g.id and v.edition = p.edition and v.ord = p.ord)) as lacking,
         (select count(*)::int from vectors v join generations g on g.id = v.generation
          where g.collection_id = $1::int and g.state in ('dropped', 'building')) as stray`,
      [(await this.#collection()).id],
    );
    return rows[0] ?? { lacking: -1, stray: -1 };
  }

  async #collection() {
    const collection = await findCollection(this.#db, this.#owner, COLLECTION);
    if (collection === undefined) throw new Error('the collection is gone');
    return collection;
  }

  async #outcome(command: Command): Promise<JournalRecord> {
    if (command.type === EmbedTexts.type) return recordOf(command, embedded(command), Date.now());
    const handler = this.#handlers.find(({ type }) => type === command.type);
    if (handler === undefined) throw new Error(`nobody carries out ${command.type}`);
    const signal = new AbortController().signal;
    const work = { command, signal, tell: async () => undefined, log };
    try {
      const { event, detail } = await handler.run(command.body, work);
      return recordOf(command, event, Date.now(), detail);
    } catch (error) {
      return recordOf(command, failed(command, error as Error), Date.now());
    }
  }

  /** Nothing happens between a retrieval and this: it must have found every passage there is, by one model. */
  async #checkSearch({ body: { passages } }: PassagesRetrieved): Promise<void> {
    const live = (await this.documents()).reduce((sum, document) => sum + document.passages, 0);
    expect(passages.length, 'passages found by their vectors').to.equal(Math.min(live, 100));
    expect(new Set(passages.map(({ explain }) => explain?.generation)).size).to.be.at.most(1);
  }
}

/** As an embedder that has every model. */
function embedded(command: Command): Event {
  const { batch, texts, model = SETTINGS.embedding_model } = EmbedTexts.parse(command.body).body;
  const dimensions = DIMENSIONS[model] ?? 0;
  const vectors = texts.map((text) => vectorBase64(Array.from({ length: dimensions }, (_, n) => text.length + n)));
  return TextsEmbedded({ batch, model, dimensions, vectors, provider: 'fake', provider_ms: 1 });
}

/** As a worker that gives a command up at once. Other errors are nobody's plan. */
function failed({ id, type, part, replay, body }: Command, error: Error): Event {
  if (!(error instanceof TerminalError)) throw error;
  const told = { code: error.code, message: error.message, retryable: false };
  return CommandFailed({ command: id, stage: type, part, dead_letter: `dl_${id}`, replay, error: told, body });
}
