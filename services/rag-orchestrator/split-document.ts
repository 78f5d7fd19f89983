import { TerminalError } from '../../shared/bus/errors.ts';
import { type Handler, on, type Work } from '../../shared/bus/handler.ts';
import { type AcceptedDocument, AcceptedIngest } from '../../shared/messages/inputs.ts';
import type { Job } from '../../shared/messages/job.ts';
import { PassagesMade, SplitDocument } from '../../shared/messages/splitting.ts';
import { type Collection, ensureCollection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { upsertPending } from '../../shared/store/documents.ts';
import { findJob } from '../../shared/store/jobs.ts';
import { countPassages, type Edition, passageTexts, storePassages } from '../../shared/store/passages.ts';
import { readUpload } from '../../shared/store/uploads.ts';
import { DocumentError } from './split/document-error.ts';
import { parse } from './split/parse.ts';
import { embeddingText, split } from './split/split.ts';

/** Texts in one batch for the embedder, and passages handed out at once: their texts fit one message with room to spare. */
const BATCH_TEXTS = 32;
const BATCH_BYTES = 128 * 1024;
const WINDOW_PASSAGES = 256;
const WINDOW_BYTES = 512 * 1024;

interface Parts {
  readonly db: Database;
  /** Settings of a collection that an ingest makes because it is not there yet. */
  readonly defaults: { readonly embedding_model: string; readonly chunk_size: number; readonly chunk_overlap: number };
}

/** Makes passages of one document and hands out some of them. The passages are stored once; every further run reads them. */
export const splitDocument = ({ db, defaults }: Parts): Handler =>
  on(SplitDocument, async ({ document: position, from }, { command }: Work) => {
    const job = await findJob(db, command.job);
    const document = job && AcceptedIngest.parse(job.input).documents[position];
    if (job === undefined || document === undefined) {
      throw new TerminalError('internal', `job ${command.job} has no document ${position}`);
    }
    const collection = await ensureCollection(db, job.owner, job.collection ?? '', defaults);
    const edition = { collection_id: collection.id, document_id: document.id, revision: job.id };
    try {
      const total =
        (await countPassages(db, edition)) ?? (await makePassages(db, { job, document, collection, edition }));
      return {
        event: PassagesMade({ document: position, from, total, batches: await handOut(db, edition, from) }),
        detail: String(from),
      };
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      return {
        event: PassagesMade({ document: position, from, total: 0, batches: [], error: error.message }),
        detail: String(from),
      };
    }
  });

interface Making {
  readonly job: Job;
  readonly document: AcceptedDocument;
  readonly collection: Collection;
  readonly edition: Edition;
}

/** Reads the document, splits it and stores its passages. @returns how many @throws {DocumentError} nothing to index */
async function makePassages(db: Database, { job, document, collection, edition }: Making): Promise<number> {
  await upsertPending(db, [
    {
      collection_id: collection.id,
      id: document.id,
      owner: job.owner,
      revision: job.id,
      title: document.title ?? document.source ?? document.id,
      source: document.source,
      mime_type: document.mime_type,
      metadata: document.metadata ?? {},
      bytes: document.bytes,
    },
  ]);
  const parsed = await parse(await contentOf(db, document), document.mime_type, document.title);
  const passages = split(parsed, { size: collection.chunk_size, overlap: collection.chunk_overlap });
  if (passages.length === 0) throw new DocumentError('the document has no text');
  const title = parsed.title === '' ? undefined : parsed.title;
  await storePassages(db, { ...edition, text: parsed.text, title, passages });
  return passages.length;
}

async function contentOf(db: Database, { id, text, upload }: AcceptedDocument): Promise<Uint8Array | string> {
  if (text !== undefined) return text;
  const content = upload === undefined ? undefined : await readUpload(db, upload);
  if (content === undefined) throw new DocumentError(`the content of document "${id}" is gone; send it again`);
  return content;
}

/** The passages from a position on, in batches, with their headings in front as they are embedded. */
async function handOut(db: Database, edition: Edition, from: number): Promise<{ from: number; texts: string[] }[]> {
  const rows = await passageTexts(db, { ...edition, from, limit: WINDOW_PASSAGES });
  return batchesOf(
    from,
    rows.map(({ heading, text }) => embeddingText(heading, text)),
  );
}

/** Texts in batches of bounded number and size; what goes beyond the window is handed out another time. */
function batchesOf(from: number, texts: readonly string[]): { from: number; texts: string[] }[] {
  const batches: { from: number; texts: string[]; bytes: number }[] = [];
  let handedOut = 0;
  for (const [index, text] of texts.entries()) {
    const bytes = Buffer.byteLength(text);
    handedOut += bytes;
    if (index > 0 && handedOut > WINDOW_BYTES) break;
    const last = batches.at(-1);
    const fits = last !== undefined && last.texts.length < BATCH_TEXTS && last.bytes + bytes <= BATCH_BYTES;
    if (fits) {
      last.texts.push(text);
      last.bytes += bytes;
    } else {
      batches.push({ from: from + index, texts: [text], bytes });
    }
  }
  return batches.map(({ from: position, texts: own }) => ({ from: position, texts: own }));
}
