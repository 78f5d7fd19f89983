import type { DocumentInput } from '../../../shared/messages/inputs.ts';
import { validationFailed } from '../middleware/validate.ts';
import { Problem } from '../problem.ts';
import { kindOf } from './mime-type.ts';

/** A document as it came in, whichever way. */
export interface Content {
  readonly id?: string;
  readonly title?: string;
  readonly source?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** What it is said to be, and one of those that are read. */
  readonly mimeType: string;
  readonly bytes: Buffer;
}

/** @throws {Problem} unsupported_media_type, validation_failed */
export function contentsOf(documents: readonly DocumentInput[]): Content[] {
  const contents = documents.map((document, index) => contentOf(document, `document ${index + 1}`));
  refuseTwins(contents);
  return contents;
}

function contentOf({ text, content_base64, mime_type, ...about }: DocumentInput, name: string): Content {
  const bytes = text === undefined ? Buffer.from(content_base64 ?? '', 'base64') : Buffer.from(text);
  return { bytes, mimeType: readableType(mime_type, [about.source, about.title], name), ...present(about) };
}

type About = Pick<DocumentInput, 'id' | 'title' | 'source' | 'metadata'>;

const present = ({ id, title, source, metadata }: About) => ({
  ...(id === undefined ? {} : { id }),
  ...(title === undefined ? {} : { title }),
  ...(source === undefined ? {} : { source }),
  ...(metadata === undefined ? {} : { metadata }),
});

/** What a document is said to be, when that is something that is read. @throws {Problem} unsupported_media_type */
export function readableType(
  declared: string | undefined,
  names: readonly (string | undefined)[],
  name: string,
): string {
  const kind = kindOf(declared, names);
  if ('refusal' in kind) throw new Problem('unsupported_media_type', `${name}: ${kind.refusal}`);
  return kind.mimeType;
}

/** Two documents of one request must not claim the same place. */
function refuseTwins(contents: readonly Content[]): void {
  const seen = new Set<string>();
  for (const [index, { id }] of contents.entries()) {
    if (id !== undefined && seen.has(id)) {
      throw validationFailed([{ pointer: `/documents/${index}/id`, detail: `"${id}" is there twice` }]);
    }
    if (id !== undefined) seen.add(id);
  }
}
