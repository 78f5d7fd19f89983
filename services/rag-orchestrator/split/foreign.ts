const READABLE = 'PDF, DOCX, HTML, Markdown or plain text';

/** Kinds of file that people send, by their MIME type, and what to do about each. */
const KINDS: readonly (readonly [type: RegExp, what: string, remedy: string])[] = [
  [/^image\//, 'a picture', 'run text recognition (OCR) on it and send the text, or a PDF that holds it'],
  [/^(?:audio|video)\//, 'a recording', 'send a transcript of it'],
  [/rtf$/, 'in Rich Text Format', 'save it as DOCX or PDF'],
  [/x-cfb$/, 'an old Office file or one protected by a password', 'save it as DOCX or PDF, without a password'],
  [/spreadsheet|ms-excel/, 'a spreadsheet', 'save it as PDF'],
  [/presentation|powerpoint/, 'a presentation', 'save it as PDF'],
  [/opendocument|epub|msword|macroenabled|template/, 'of an office or book format', 'save it as DOCX or PDF'],
  [/x-msdownload|x-elf|mach-binary|x-executable|java|wasm|x-dosexec/, 'a program', `send ${READABLE}`],
  [/zip|x-7z|x-rar|x-tar|gzip|x-bzip|x-xz|zstd|compress|x-lz/, 'an archive', 'unpack it and send the files in it'],
];

const OTHERS = [/(?:)/, 'of a kind', `send ${READABLE}`] as const;

/** Says that a document of this type cannot be read, and what to do; without a type, that nobody knows what it is. */
export function foreignKind(type: string | undefined): string {
  if (type === undefined) return `the document is binary and of no known kind: send ${READABLE}`;
  const [, what, remedy] = KINDS.find(([pattern]) => pattern.test(type)) ?? OTHERS;
  return `the document is ${what} (${type}), which cannot be read: ${remedy}`;
}
