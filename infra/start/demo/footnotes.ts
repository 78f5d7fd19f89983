const QUOTE_CHARS = 200;

/** What an answer rests on, under the number by which its text cites it. */
export interface Citation {
  readonly n: number;
  readonly document_id: string;
  readonly title?: string | null;
  readonly heading?: string | null;
  readonly text: string;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

const shorten = (text: string): string =>
  text.length <= QUOTE_CHARS ? text : `${text.slice(0, QUOTE_CHARS - 1).trimEnd()}…`;

/** A document's heading path mostly begins with its title; said once is enough. */
function placeOf({ document_id, title, heading }: Citation): string {
  const parts = [title, ...(heading ?? '').split(' › ')].filter(Boolean);
  return parts.filter((part, index) => part !== parts[index - 1]).join(' › ') || document_id;
}

const footnote = (citation: Citation): string => {
  const { n, document_id, text } = citation;
  return `  [${n}] ${placeOf(citation)} (${document_id})\n      “${shorten(oneLine(text))}”`;
};

/** The citations that the text names, as footnotes; all of them when it names none. */
export function footnotes(answer: string, citations: readonly Citation[]): string {
  const cited = citations.filter(({ n }) => answer.includes(`[${n}]`));
  return (cited.length > 0 ? cited : citations).map(footnote).join('\n');
}
