import type { Citation, Cut } from '../../shared/messages/answering.ts';
import type { JobEvent } from './api-types.ts';
import type { Terminal } from './terminal.ts';
import { count, placeOf, safe, shortened } from './text.ts';

const QUOTE_CHARS = 160;

/** Writes an answer as it streams in: text to stdout, what happens to it to stderr. */
export class AnswerPrinter {
  readonly #terminal: Terminal;
  /** The current run's text as it was shown. */
  #shown = '';
  #lineIsOpen = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show({ event, data }: JobEvent): void {
    if (event === 'output.delta') this.#delta(Number(data.offset ?? this.#shown.length), String(data.text ?? ''));
    else if (event === 'output.reset') this.#reset(String(data.reason ?? 'another attempt'));
    else if (event === 'job.retrying') this.#retrying(data);
    else if (event === 'job.succeeded') this.#finish(data.result as Result | undefined);
  }

  /** Ends the line that the text left open. */
  endLine(): void {
    if (this.#lineIsOpen) this.#terminal.write('\n');
    this.#lineIsOpen = false;
  }

  /** A stretch of the run's text; what was shown already is not shown again. */
  #delta(offset: number, text: string): void {
    this.#write(safe(text.slice(Math.max(0, this.#shown.length - offset))));
  }

  #reset(reason: string): void {
    this.endLine();
    if (this.#shown !== '') {
      this.#terminal.say(this.#terminal.paintErr.yellow(`(${safe(reason)}: the answer begins again)`));
      this.#terminal.write('\n');
    }
    this.#shown = '';
  }

  #retrying({ stage, delay_ms, error }: JobEvent['data']): void {
    const { message } = (error ?? {}) as { message?: string };
    const seconds = Math.round(Number(delay_ms ?? 0) / 100) / 10;
    this.#terminal.say(
      this.#terminal.paintErr.yellow(
        `(${safe(String(stage))} failed, once more in ${seconds} s: ${safe(message ?? '')})`,
      ),
    );
  }

  /** The result decides: what the stream did not bring is added. */
  #finish(result: Result | undefined): void {
    const text = safe(String(result?.answer ?? result?.text ?? ''));
    if (text.startsWith(this.#shown)) this.#write(text.slice(this.#shown.length));
    else if (text.trim() !== this.#shown.trim()) {
      this.endLine();
      this.#write(text);
    }
    this.endLine();
    this.#footnotes(text, result?.citations ?? []);
    for (const note of notesOf(result ?? {})) this.#terminal.say(this.#terminal.paintErr.yellow(`(${note})`));
  }

  #footnotes(answer: string, citations: readonly Citation[]): void {
    const cited = citations.filter(({ n }) => answer.includes(`[${n}]`));
    const { bold, dim } = this.#terminal.paint;
    if (cited.length > 0) this.#terminal.out('');
    for (const { n, title, heading, document_id: document, text, start, end, page } of cited) {
      const place = placeOf(title || document, heading, page);
      this.#terminal.out(`${bold(`[${n}]`)} ${safe(place)} ${dim(`(${safe(document)}:${start}-${end})`)}`);
      this.#terminal.out(dim(`    “${shortened(text, QUOTE_CHARS)}”`));
    }
  }

  #write(text: string): void {
    if (text === '') return;
    this.#shown += text;
    this.#lineIsOpen = !text.endsWith('\n');
    this.#terminal.write(text);
  }
}

/** What a reader should know of an answer beside its text. */
function notesOf({ degraded, provider, uncited, cut }: Result): string[] {
  return [
    ...(degraded === true ? [`answered by ${provider}: what was asked for is away`] : []),
    ...(uncited === true ? ['the answer cites nothing: take it with care'] : []),
    ...(cut === undefined ? [] : [`no room in the model's context for ${missing(cut)}`]),
  ];
}

const missing = ({ history = 0, passages = 0, shortened, answer }: Cut): string =>
  [
    ...(history > 0 ? [count(history, 'message')] : []),
    ...(passages > 0 ? [count(passages, 'passage')] : []),
    ...(shortened === undefined ? [] : [`the end of passage ${shortened}`]),
    ...(answer === true ? ['the end of the answer'] : []),
  ].join(', ');

interface Result {
  readonly answer?: string;
  readonly text?: string;
  readonly citations?: readonly Citation[];
  readonly provider?: string;
  readonly degraded?: boolean;
  readonly uncited?: boolean;
  readonly cut?: Cut;
}
