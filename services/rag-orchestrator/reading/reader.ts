/**
 * The process that reads documents which somebody sent, so may be damaged or made to harm. It has no settings, no database
 * and no broker; whatever becomes of it, its parent goes on.
 */
import { setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { threadBeside } from '../../../shared/beside.ts';
import { DocumentError } from '../split/document-error.ts';
import { parse } from '../split/parse.ts';
import { split } from '../split/split.ts';
import type { FromReader, ReaderSetup, Reading, ReadRequest } from './protocol.ts';

/** Event loops come first where cores are few. */
const NICENESS = 5;

const MIB = 1024 * 1024;

const { memoryMib, bounds }: ReaderSetup = JSON.parse(process.argv[2] ?? '');

async function read({ content, mimeType, title, split: options }: ReadRequest): Promise<Reading> {
  try {
    const document = await parse(content, mimeType, title, bounds);
    const places = split(document, options).map(({ text: _, ...place }) => place);
    if (places.length === 0) return { kind: 'refused', message: 'the document has no text' };
    return { kind: 'read', text: document.text, title: document.title, places };
  } catch (error) {
    if (error instanceof DocumentError) return { kind: 'refused', message: error.message };
    return { kind: 'broken', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

const tell = (message: FromReader): void => void process.send?.(message);

function giveWay(): void {
  try {
    setPriority(NICENESS);
  } catch {
    // A sandbox may forbid it; nothing depends on it.
  }
}

giveWay();
// A Ctrl-C reaches the whole group; whoever has documents being read decides when that ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.once('disconnect', () => process.exit());
new Worker(threadBeside(import.meta.url, 'watchdog'), { workerData: { parent: process.ppid, memoryMib } });
process.on('message', async (request: ReadRequest) => {
  const answer = await read(request);
  tell({ ...answer, residentMib: process.memoryUsage.rss() / MIB });
});
tell({ kind: 'ready' });
