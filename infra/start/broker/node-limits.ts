/** A model may take hours over one command; by default the broker takes it away after half an hour. */
export const CONSUMER_TIMEOUT_MS = 6 * 60 * 60 * 1000;

/** What quorum queues wrote last stays in the broker's memory as well, until so much was written; by default 512 MB. */
export const WAL_BYTES = 64_000_000;
