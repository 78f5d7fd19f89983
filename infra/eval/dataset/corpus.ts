import { z } from 'zod';
import { readJsonLines } from './json-lines.ts';

const Row = z.object({
  _id: z.string().min(1),
  section: z.string().min(1).optional(),
  title: z.string().optional(),
  text: z.string(),
});
type Row = z.infer<typeof Row>;

/** A document of a corpus as it is ingested. */
export interface CorpusDocument {
  readonly id: string;
  readonly title?: string;
  readonly text: string;
}

export interface Corpus {
  readonly documents: readonly CorpusDocument[];
  /** Of the file. */
  readonly sha256: string;
}

/** Ids that end in numbers go by the number: `a.2` before `a.10`. */
const byId = new Intl.Collator('en', { numeric: true });

const PARAGRAPH = '\n\n';

/** @throws {UsageError} */
export async function readCorpus(file: string): Promise<Corpus> {
  const { rows, sha256 } = await readJsonLines(file, Row);
  return { documents: documentsOf(rows), sha256 };
}

/** Rows of one `section` are one document, joined in order of `_id`; a row without is a document by itself. */
export function documentsOf(rows: readonly Row[]): CorpusDocument[] {
  const parts = new Map<string, Row[]>();
  for (const row of rows) {
    const id = row.section ?? row._id;
    const known = parts.get(id);
    if (known === undefined) parts.set(id, [row]);
    else known.push(row);
  }
  return [...parts].map(([id, own]) => {
    const ordered = own.toSorted((a, b) => byId.compare(a._id, b._id));
    const title = ordered.find((row) => row.title !== undefined && row.title !== '')?.title;
    return { id, ...(title !== undefined && { title }), text: ordered.map(({ text }) => text).join(PARAGRAPH) };
  });
}
