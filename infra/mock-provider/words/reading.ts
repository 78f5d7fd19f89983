/** A numbered source as it stands in a prompt. */
export interface Source {
  readonly n: number;
  readonly text: string;
}

/** A prompt as it is read: its sources, and what stands outside of them. */
export interface Reading {
  readonly sources: readonly Source[];
  readonly outside: string;
}

/** How a line says "here begins source n": `<source n="1">`, or `[1] …`, or `Source 1: …`. One prompt uses one of them. */
const TAG =
  /^\s*<(?<tag>(?:source|passage|document)[\w-]*)\b[^>]*?\b(?:n|id|index|number)\s*=\s*"?(?<n>\d{1,3})"?[^>]*>/i;
const LABELS = [/^\s*\[(?<n>\d{1,3})\]:?/, /^\s*(?:source|passage|document)\s+(?<n>\d{1,3})\b\s*:?/i] as const;
/** What ends the last source where none has an end of its own. */
const END = /^\s*(?:(?:question|answer|instructions?|user|query)\b\s*:|-{3,}\s*$|={3,}\s*$)/i;

/** Collects lines: into the source that is open, else as what stands outside. */
class Reader {
  readonly #sources: { n: number; lines: string[] }[] = [];
  readonly #outside: string[] = [];
  #open: string[] | undefined;

  get isInside(): boolean {
    return this.#open !== undefined;
  }

  open(n: number): void {
    this.#open = [];
    this.#sources.push({ n, lines: this.#open });
  }

  read(line: string): void {
    (this.#open ?? this.#outside).push(line);
  }

  close(): void {
    this.#open = undefined;
  }

  done(): Reading {
    const sources = this.#sources.map(({ n, lines }) => ({ n, text: lines.join('\n') }));
    return { sources, outside: this.#outside.join('\n') };
  }
}

/** Only the tag that opens the first source opens and closes sources; any other is a part of some text. */
function readTagged(lines: readonly string[], tag: string): Reading {
  const reader = new Reader();
  const closing = `</${tag}>`;
  for (const line of lines) {
    const found = reader.isInside ? null : TAG.exec(line);
    const opens = found?.groups?.tag === tag;
    if (opens) reader.open(Number(found?.groups?.n));
    const [text = '', ...rest] = (opens ? line.replace(TAG, '') : line).split(closing);
    reader.read(text);
    if (rest.length === 0) continue;
    reader.close();
    reader.read(rest.join(closing));
  }
  return reader.done();
}

function readLabelled(lines: readonly string[], label: RegExp): Reading {
  const reader = new Reader();
  for (const line of lines) {
    const n = label.exec(line)?.groups?.n;
    if (n !== undefined) reader.open(Number(n));
    else if (END.test(line)) reader.close();
    reader.read(n === undefined ? line : line.replace(label, ''));
  }
  return reader.done();
}

/** Tells the sources of a prompt from the rest of it, by the borders that the prompt itself draws. */
export function readPrompt(prompt: string): Reading {
  const lines = prompt.split('\n');
  const tag = lines.map((line) => TAG.exec(line)?.groups?.tag).find((each) => each !== undefined);
  if (tag !== undefined) return readTagged(lines, tag);
  const label = LABELS.find((each) => lines.some((line) => each.test(line)));
  return label === undefined ? { sources: [], outside: prompt } : readLabelled(lines, label);
}
