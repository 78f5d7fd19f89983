import { TerminalError } from '../../shared/bus/errors.ts';
import { type Handler, on, type Work } from '../../shared/bus/handler.ts';
import { AcceptedDocument } from '../../shared/messages/inputs.ts';
import { PassagesMade, SplitDocument } from '../../shared/messages/splitting.ts';
import { type Collection, ensureCollection, findCollection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { upsertPending } from '../../shared/store/documents.ts';
import { findIngested } from '../../shared/store/jobs.ts';
import { countPassages, type Edition, passageTexts, storePassages, targetsOf } from '../../shared/store/passages.ts';
import { renewDocument } from '../../shared/store/renew.ts';
import { readUpload } from '../../shared/store/uploads.ts';
import { inBatches, WINDOW_PASSAGES } from './batches.ts';
import { fingerprintOf } from './fingerprint.ts';
import { namedModel } from './named-model.ts';
import type { Readers } from './reading/readers.ts';
import { DocumentError } from './split/document-error.ts';
import { embeddingText } from './split/split.ts';

interface Parts {
  readonly db: Database;
  readonly readers: Readers;
  /** Settings of a collection that an ingest makes because it is not there yet. */
  readonly defaults: { readonly embedding_model: string; readonly chunk_size: number; readonly chunk_overlap: number };
}

/**
 * Makes passages of one document and hands out some of them. The passages are stored once; every further run reads them.
 * Content that is searchable already is only renewed.
 */
export const splitDocument = ({ db, readers, defaults }: Parts): Handler =>
  on(SplitDocument, async ({ document: position, from }, { command, signal }: Work) => {
    const asked = await findIngested(db, command.job, position);
    if (asked?.document === undefined) {
      throw new TerminalError('internal', `job ${command.job} has no document ${position}`);
    }
    const { owner, collection: name } = asked;
    const document = AcceptedDocument.parse(asked.document);
    const made = (body: Omit<PassagesMade['body'], 'document' | 'from'>) => ({
      event: PassagesMade({ document: position, from, ...body }),
      detail: String(from),
    });
    const collection =
      from === 0 ? await ensureCollection(db, owner, name, defaults) : await findCollection(db, owner, name);
    if (collection === undefined) return made(SUPERSEDED);
    const edition = { collection_id: collection.id, document_id: document.id, revision: command.job };
    try {
      const before = await countPassages(db, edition);
      if (before === undefined && from > 0) return made(SUPERSEDED);
      const total = before ?? (await makePassages(db, readers, { owner, document, collection, edition, signal }));
      if (typeof total !== 'number') return made(total);
      const handedOut = await handOut({ db, defaults }, edition, from);
      // A later ingest may have replaced this edition since its passages were counted.
      return made(handedOut === undefined && from < total ? SUPERSEDED : { total, batches: [], ...handedOut });
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      return made({ total: 0, batches: [], error: error.message });
    }
  });

/** A later ingest has replaced what this one was making, or somebody deleted it. */
const SUPERSEDED = { total: 0, batches: [], superseded: true } as const satisfies Ready;

/** What there is to say when no passages need to be handed out. */
type Ready = Pick<PassagesMade['body'], 'total' | 'batches' | 'unchanged' | 'superseded'>;

interface Making {
  readonly owner: string;
  readonly document: AcceptedDocument;
  readonly collection: Collection;
  readonly edition: Edition;
  readonly signal: AbortSignal;
}

/**
 * Reads the document, splits it and stores its passages, unless they are there or nobody wants them any more.
 * @returns how many were made @throws {DocumentError} nothing to index
 */
async function makePassages(db: Database, readers: Readers, making: Making): Promise<number | Ready> {
  const { document, collection, edition, signal } = making;
  const content = await contentOf(db, document);
  const fingerprint = content === undefined ? undefined : fingerprintOf(content, document, collection);
  if (fingerprint !== undefined) {
    const { title, source, metadata = {} } = document;
    const total = await renewDocument(db, {
      ...edition,
      fingerprint,
      title: title?.trim() || undefined,
      source,
      metadata,
    });
    if (total !== undefined) return { total, batches: [], unchanged: true };
  }
  await announce(db, making, fingerprint);
  if (content === undefined) throw new DocumentError(`the content of document "${document.id}" is gone; send it again`);
  const { mime_type: mimeType, title } = document;
  const splitting = { size: collection.chunk_size, overlap: collection.chunk_overlap };
  const read = await readers.read({ content, mimeType, title, split: splitting }, signal);
  const stored = await storePassages(db, { ...edition, ...read, title: read.title === '' ? undefined : read.title });
  return stored ? read.passages.length : SUPERSEDED;
}

const announce = (db: Database, { owner, document, edition }: Making, fingerprint: string | undefined) =>
  upsertPending(db, [
    {
      collection_id: edition.collection_id,
      id: document.id,
      owner,
      revision: edition.revision,
      title: document.title ?? document.source ?? document.id,
      source: document.source,
      mime_type: document.mime_type,
      metadata: document.metadata ?? {},
      bytes: document.bytes,
      fingerprint,
    },
  ]);

async function contentOf(db: Database, { text, upload }: AcceptedDocument): Promise<Uint8Array | string | undefined> {
  if (text !== undefined || upload === undefined) return text;
  return await readUpload(db, upload);
}

/**
 * The passages from a position on, in batches, with their headings in front as they are embedded, and for whom.
 * Undefined when there is none.
 */
async function handOut(
  { db, defaults }: Omit<Parts, 'readers'>,
  edition: Edition,
  from: number,
): Promise<Pick<PassagesMade['body'], 'batches' | 'models'> | undefined> {
  const [rows, targets] = await Promise.all([
    passageTexts(db, { ...edition, from, limit: WINDOW_PASSAGES }),
    targetsOf(db, edition),
  ]);
  if (rows.length === 0) return undefined;
  const models = targets.map(({ generation, ...model }) => {
    const name = namedModel(model, defaults.embedding_model);
    return name === undefined ? { generation } : { generation, model: name };
  });
  if (models.length === 0) return { batches: [], models };
  let position = from;
  const batches = inBatches(rows.map(({ heading, text }) => ({ text: embeddingText(heading, text) }))).map((batch) => {
    const first = position;
    position += batch.length;
    return { from: first, texts: batch.map(({ text }) => text) };
  });
  return { batches, models };
}
