import { basename } from 'node:path';
import { ask } from './demo/ask.ts';
import { type DocumentToIndex, ownDocumentation, readDocuments } from './demo/documents.ts';
import type { Gateway } from './demo/gateway-client.ts';
import { indexDocuments } from './demo/index-documents.ts';
import type { DemoOptions } from './options.ts';
import { PROJECT_ROOT } from './project-root.ts';
import { say, step } from './steps.ts';

const OWN_COLLECTION = 'warren-docs';
const OWN_QUESTION = 'What happens to a job when a worker is killed while it runs?';
const OTHER_QUESTION = 'What are these documents about?';
const SAY_EVERY_MS = 2_000;

const collectionFor = (path: string): string =>
  basename(path)
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100) || 'documents';

/** Passes on a line now and then, so that a long job neither floods the terminal nor seems to stand still. */
function nowAndThen(tell: (line: string) => void): (line: string) => void {
  let last = performance.now();
  return (line) => {
    if (performance.now() - last < SAY_EVERY_MS) return;
    last = performance.now();
    tell(line);
  };
}

async function index(gateway: Gateway, collection: string, documents: readonly DocumentToIndex[]): Promise<void> {
  const sent = await step(
    `indexing ${documents.length} ${documents.length === 1 ? 'document' : 'documents'} into "${collection}"`,
    () => indexDocuments(gateway, collection, documents, nowAndThen(say)),
  );
  if (sent < documents.length) say(`${documents.length - sent} of them were indexed already`);
}

async function demonstrate({ paths, question, collection }: DemoOptions, gateway: Gateway): Promise<void> {
  const [first] = paths;
  const documents = readDocuments(paths.length > 0 ? paths : ownDocumentation(PROJECT_ROOT));
  if (documents.length === 0)
    return say(`nothing to index: no .md, .txt or .html file in ${paths.join(', ') || PROJECT_ROOT}`);
  const into = collection ?? (first === undefined ? OWN_COLLECTION : collectionFor(first));
  const asked = question ?? (first === undefined ? OWN_QUESTION : OTHER_QUESTION);
  await index(gateway, into, documents);
  process.stdout.write(`\n  Question: ${asked}\n`);
  await ask(gateway, into, asked, (text) => void process.stdout.write(text));
}

/**
 * Shows Warren at work through its public API alone: indexes documents, asks one question and streams the answer.
 * A demonstration that fails says why, and leaves everything running for a closer look.
 */
export async function runDemo(options: DemoOptions, gateway: Gateway): Promise<void> {
  try {
    await demonstrate(options, gateway);
  } catch (error) {
    if (!gateway.signal.aborted) process.stderr.write(`\nThe demonstration failed: ${(error as Error).message}\n`);
  }
}
