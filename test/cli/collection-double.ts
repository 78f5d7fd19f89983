import { createHash } from 'node:crypto';
import type { Job } from '../../infra/cli/api-types.ts';
import { type GatewayDouble, problem, type Reply } from './gateway-double.ts';

export interface SentDocument {
  readonly id: string;
  readonly text?: string;
  readonly content_base64?: string;
  readonly mime_type: string;
  readonly source: string;
  readonly metadata: { readonly sha256: string };
}

interface KeptDocument {
  readonly id: string;
  readonly status: string;
  readonly source?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/** A collection behind a scripted gateway. Documents whose text contains a word fare as it says: BROKEN, REFUSED, STUCK. */
export class CollectionDouble {
  readonly documents = new Map<string, KeptDocument>();
  /** The documents of each job that was accepted. */
  readonly sent: SentDocument[][] = [];
  readonly removed: string[] = [];
  /** Jobs that have not ended. */
  readonly unfinished: Job[] = [];
  readonly #gateway: GatewayDouble;

  constructor(gateway: GatewayDouble) {
    this.#gateway = gateway;
    gateway.on('GET', /^\/v1\/jobs$/, ({ query }) => this.#page(this.unfinished, query.get('status')));
    gateway.on('GET', /documents$/, () => this.#page([...this.documents.values()]));
    gateway.on('DELETE', /documents\/(.+)$/, (_, [id = '']) => this.#remove(id));
    gateway.on('POST', /documents$/, ({ body }) => this.#take(body.documents as SentDocument[]));
  }

  get sentIds(): string[] {
    return this.sent.flat().map(({ id }) => id);
  }

  /** A document that is there already. */
  keep(id: string, content?: string, status = 'searchable'): void {
    const known = content === undefined ? {} : { source: id, metadata: { sha256: sha256(content) } };
    this.documents.set(id, { id, status, ...known });
  }

  #page(all: readonly { status: string }[], status: string | null = null): Reply {
    const data = all.filter((each) => status === null || each.status === status);
    return { body: { data, has_more: false, next_cursor: null } };
  }

  #remove(id: string): Reply {
    if (!this.documents.delete(id)) return problem(404, 'document_not_found', `there is no ${id}`);
    this.removed.push(id);
    return { status: 204 };
  }

  #take(documents: readonly SentDocument[]): Reply {
    const says = (word: string) => documents.some(({ text }) => text?.includes(word));
    if (says('REFUSED')) return problem(415, 'unsupported_media_type', 'no text');
    this.sent.push([...documents]);
    if (says('STUCK')) return { status: 202, body: this.#gateway.job([['job.queued']], { type: 'ingest' }) };
    const results = documents.map((document) => this.#put(document));
    const result = { documents: results };
    const failed = results.some(({ status }) => status === 'failed');
    const error = { code: 'partially_failed', message: 'some failed', retryable: false };
    const progress = ['job.progress', { done: 1, total: 2, stage: 'texts.embed' }] as const;
    const end = failed ? (['job.failed', { error, result }] as const) : (['job.succeeded', { result }] as const);
    return { status: 202, body: this.#gateway.job([progress, end], { type: 'ingest' }) };
  }

  #put({ id, text, source, metadata }: SentDocument) {
    const known = this.documents.get(id);
    if (text?.includes('BROKEN')) return { id, status: 'failed', passages: 0, error: 'cannot be read' };
    this.documents.set(id, { id, status: 'searchable', source, metadata });
    const unchanged = known?.status === 'searchable' && known.metadata?.sha256 === metadata.sha256;
    return { id, status: 'searchable', passages: 1, ...(unchanged && { unchanged }) };
  }
}
