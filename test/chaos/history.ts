import type { Excuse } from './workload.ts';

/** One sending of a wish, and what came back. Times are epoch milliseconds. */
export interface Attempt {
  readonly op: string;
  readonly client: string;
  readonly via: 'http' | 'socket';
  readonly key?: string;
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly outcome: Outcome;
}

export type Outcome =
  | { readonly is: 'accepted'; readonly job: string }
  /** Not taken, by a clear answer. */
  | { readonly is: 'refused'; readonly code: string }
  /** No answer: the job may have been taken. */
  | { readonly is: 'unknown'; readonly why: string };

/** An event as a client saw it. */
export interface Seen {
  readonly seq: number;
  readonly event: string;
  /** Of all that the event says. */
  readonly digest: string;
}

/** One subscription of one client to one job, from its beginning to the end of its connection. */
export interface Stream {
  readonly client: string;
  readonly job: string;
  /** Number of the last event the client had seen before. */
  readonly after: number;
  readonly openedAt: number;
  /** The job's last number as the gateway knew it when the client subscribed. */
  lastSeq?: number;
  readonly seen: Seen[];
}

/** A client that was shown an event asked at once what the store knew. */
export interface Reread {
  readonly client: string;
  readonly job: string;
  readonly seq: number;
  readonly lastSeq: number;
}

/** A disturbance as it happened. */
export interface Fault {
  readonly what: string;
  readonly nemeses: readonly string[];
  /** What it hit, by service; several when they were combined. */
  readonly targets: readonly string[];
  readonly struckAt: number;
  /** When the last of it was taken back. */
  readonly healedAt: number;
  /** When a question asked after that was answered; undefined when none was in time. */
  readonly recoveredAt?: number;
  /** What could not be done as planned. */
  readonly trouble?: string;
}

/** A job as it is stored at the end, with all its events. */
export interface StoredJob {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly collection?: string;
  readonly tags: readonly string[];
  readonly lastSeq: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly result?: Readonly<Record<string, unknown>>;
  readonly usage?: { readonly completion_tokens?: number; readonly embedded_texts?: number };
  readonly events: readonly StoredEvent[];
}

export interface StoredEvent extends Seen {
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the searchable edition of a document consists of. */
export interface StoredDocument {
  readonly collection: string;
  readonly id: string;
  /** The job that made it. */
  readonly revision: string;
  readonly status: string;
  /** Passages by the edition's own account, and rows there are. */
  readonly total: number;
  readonly passages: number;
  readonly failedPassages: number;
  /** Places in the text that passages begin at. */
  readonly places: number;
  readonly vectors: number;
}

export interface DeadLetter {
  readonly id: string;
  readonly job: string | undefined;
  readonly code: string;
}

/** What the provider did, and what it was needed for. */
export interface ProviderWork {
  readonly requests: number;
  readonly tokens: number;
  readonly texts: number;
}

/** All that was seen and heard in one run. The checker needs nothing else. */
export interface History {
  readonly excuses: ReadonlyMap<string, readonly Excuse[]>;
  readonly attempts: readonly Attempt[];
  readonly streams: readonly Stream[];
  readonly rereads: readonly Reread[];
  /** What answers took, in milliseconds, before anything was disturbed. */
  readonly undisturbedMs: readonly number[];
  readonly faults: readonly Fault[];
  readonly jobs: readonly StoredJob[];
  readonly documents: readonly StoredDocument[];
  readonly deadLetters: readonly DeadLetter[];
  /** What is left in queues that should be empty, by queue. */
  readonly leftovers: ReadonlyMap<string, string>;
  readonly provider: ProviderWork;
  /** Ends of processes that nobody asked for, by what they said. */
  readonly crashes: readonly string[];
}
