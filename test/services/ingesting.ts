import pino from 'pino';
import { READING_LIMITS } from '../../services/rag-orchestrator/reading/limits.ts';
import { Readers } from '../../services/rag-orchestrator/reading/readers.ts';
import { splitDocument } from '../../services/rag-orchestrator/split-document.ts';
import { createTurn } from '../../services/rag-orchestrator/turn.ts';
import { newId } from '../../shared/ids.ts';
import type { Command } from '../../shared/messages/command.ts';
import { EmbedTexts, TextsEmbedded } from '../../shared/messages/embedding.ts';
import type { Job } from '../../shared/messages/job.ts';
import { type JournalRecord, recordOf } from '../../shared/messages/record.ts';
import { SplitDocument } from '../../shared/messages/splitting.ts';
import { JobSubmitted } from '../../shared/messages/submission.ts';
import type { Database } from '../../shared/store/database.ts';
import { findJob } from '../../shared/store/jobs.ts';
import { storeUpload } from '../../shared/store/uploads.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';

export const COLLECTION = 'docs';
const DEFAULTS = { embedding_model: 'fake', chunk_size: 100, chunk_overlap: 0 };
const log = pino({ level: 'silent' });
/** For all tests: starting them takes longer than most documents. */
const READERS = new Readers(READING_LIMITS, log);
/** Commands carried out between two turns. */
const GROUP = 32;

export interface SentDocument {
  readonly id: string;
  readonly text?: string;
  /** What is no text, or too large for a message: it is checked in. */
  readonly content?: Uint8Array;
  readonly title?: string;
  readonly source?: string;
  readonly mime_type?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Orchestrator and workers without a broker: real turns and the real splitter on a real database, an embedder that counts. */
export class Ingesting {
  /** Every text that was embedded, in order. */
  readonly embedded: string[] = [];
  readonly #db: Database;
  readonly #owner: string;
  readonly #split;
  readonly #turn;
  #waiting: Command[] = [];

  constructor(db: Database, owner: string, readers = READERS) {
    this.#db = db;
    this.#owner = owner;
    this.#split = splitDocument({ db, readers, defaults: DEFAULTS });
    this.#turn = createTurn({
      db,
      send: async ({ outputs }) => void this.#waiting.push(...outputs.flatMap(({ commands }) => commands)),
      settings: { poolOf: () => 'default', shareOf: () => Number.POSITIVE_INFINITY },
      admission: { turned: () => undefined },
      embeddingModel: 'm',
      log,
    });
  }

  async submit(documents: readonly SentDocument[], id = newId('job')): Promise<string> {
    const accepted = documents.map(({ content, ...document }) => ({
      mime_type: 'text/plain',
      bytes: content?.length ?? Buffer.byteLength(document.text ?? ''),
      ...(content === undefined ? {} : { upload: `${id}/${document.id}` }),
      ...document,
    }));
    for (const { id: name, content } of documents) {
      if (content !== undefined)
        await storeUpload(this.#db, { id: `${id}/${name}`, job: id, content: Buffer.from(content) });
    }
    const input = { collection: COLLECTION, documents: accepted };
    const created_at = new Date().toISOString();
    const event = JobSubmitted({
      type: 'ingest',
      owner: this.#owner,
      priority: 'low',
      collection: COLLECTION,
      input,
      tags: [],
      metadata: {},
      created_at,
    });
    await this.#hear([{ id: `${id}/job.submitted`, job: id, at: Date.now(), event }]);
    return id;
  }

  /** Carries out commands, those of one type only if given, until none waits. */
  async work(type?: string): Promise<void> {
    const fits = (command: Command) => type === undefined || command.type === type;
    for (let group = this.#waiting.filter(fits).slice(0, GROUP); group.length > 0; ) {
      this.#waiting = this.#waiting.filter((command) => !group.includes(command));
      await this.#hear(await Promise.all(group.map((command) => this.carryOut(command))));
      group = type === undefined ? this.#waiting.slice(0, GROUP) : [];
    }
  }

  async ingest(...documents: readonly SentDocument[]): Promise<Job> {
    const id = await this.submit(documents);
    await this.work();
    return await this.job(id);
  }

  async job(id: string): Promise<Job> {
    const job = await findJob(this.#db, id);
    if (job === undefined) throw new Error(`there is no ${id}`);
    return job;
  }

  async carryOut(command: Command): Promise<JournalRecord> {
    if (command.type === EmbedTexts.type) return recordOf(command, this.#embed(command), Date.now());
    if (command.type !== SplitDocument.type) throw new Error(`nobody carries out ${command.type}`);
    const { body } = SplitDocument.parse(command.body);
    const work = {
      command,
      signal: new AbortController().signal,
      tell: async () => undefined,
      log,
    };
    const { event, detail } = await this.#split.run(body, work);
    return recordOf(command, event, Date.now(), detail);
  }

  #embed(command: Command) {
    const { batch, texts } = EmbedTexts.parse(command.body).body;
    this.embedded.push(...texts);
    const vectors = texts.map((text) => vectorBase64([1, text.length]));
    return TextsEmbedded({
      batch,
      model: DEFAULTS.embedding_model,
      dimensions: 2,
      vectors,
      provider: 'fake',
      provider_ms: 1,
    });
  }

  async #hear(records: readonly JournalRecord[]): Promise<void> {
    await this.#turn(records);
  }
}
