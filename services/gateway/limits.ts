/** What one gateway lets in and holds in memory. Tests narrow these to reach the edges. */
export interface Limits {
  /** JSON bodies, and frames on a WebSocket. */
  readonly jsonBytes: number;
  /** Bodies that carry documents. */
  readonly documentBytes: number;
  /** Text of an ingest job that travels inside its message; what is more lies in the uploads table. */
  readonly inlineBytes: number;
  /** All of an accepted job's input: a message should stay well under 1 MiB. */
  readonly messageBytes: number;
  readonly socketsPerKey: number;
  /** Jobs under way that one socket follows; beyond it the socket is closed with 4429. */
  readonly subscriptionsPerSocket: number;
  /** Frames of one socket being answered at once; beyond it the socket is not read. */
  readonly framesInFlight: number;
  /** Bytes that may wait for a slow reader. */
  readonly sendBufferBytes: number;
  /** How long a reader may keep that buffer full before it is closed. */
  readonly stallMs: number;
  readonly heartbeatMs: number;
  /** How long one statement that reads may take before it counts as an outage. */
  readonly readMs: number;
  /** Every so often the database is asked whether a push was lost. */
  readonly netMs: number;
  /** As `netMs`, for somebody who waits for a job to end. */
  readonly rereadMs: number;
  /** A comment is sent on an event stream so often, lest somebody takes its silence for an end. */
  readonly commentMs: number;
  /** How long a GET waits for a job that was accepted a moment ago. */
  readonly birthMs: number;
  readonly searchMs: number;
  /** A client that takes longer for its headers is cut off. */
  readonly headersMs: number;
  /** The same for a whole request, body included. */
  readonly requestMs: number;
  /** How long requests under way may take to end once the gateway drains. */
  readonly drainMs: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS: Limits = {
  jsonBytes: MIB,
  documentBytes: 32 * MIB,
  inlineBytes: 64 * KIB,
  messageBytes: 768 * KIB,
  socketsPerKey: 1000,
  subscriptionsPerSocket: 1000,
  framesInFlight: 64,
  sendBufferBytes: MIB,
  stallMs: 5_000,
  heartbeatMs: 20_000,
  readMs: 10_000,
  netMs: 15_000,
  rereadMs: 2_000,
  commentMs: 15_000,
  birthMs: 2_000,
  searchMs: 30_000,
  headersMs: 10_000,
  requestMs: 120_000,
  drainMs: 5_000,
};
