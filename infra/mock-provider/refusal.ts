/** An error answer; the dialect of the route puts it in words. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly kind: RefusalKind | undefined;

  constructor(status: number, message: string, kind?: RefusalKind) {
    super(message);
    this.status = status;
    this.kind = kind;
  }
}

/** What some dialects tell apart beyond the status. */
export type RefusalKind = 'model not found' | 'bad body' | 'no such route';

/** An error on the wire. */
export interface ErrorAnswer {
  readonly contentType: string;
  readonly body: string;
}

/** How one family of servers puts errors. */
export interface Dialect {
  readonly name: 'ollama' | 'openai' | 'tei';
  readonly error: (refusal: Refusal) => ErrorAnswer;
  /** What it says when there is no such model. */
  readonly noModel: (model: string) => string;
  /** What it says to a status when nothing else is known. */
  readonly messages: Readonly<Record<number, string>>;
}
