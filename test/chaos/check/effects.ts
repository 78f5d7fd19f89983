import type { History, StoredDocument, StoredJob } from '../history.ts';
import type { Violation } from './violation.ts';

/** Every document that an ingest calls searchable is there, with each of its passages once, each with its vector. */
export function checkEffects({ documents, jobs }: History): Violation[] {
  const there = new Set(documents.map(({ collection, id }) => `${collection}/${id}`));
  const missing = jobs.flatMap((job) =>
    indexed(job).flatMap((name) => (there.has(name) ? [] : [{ name, job: job.id }])),
  );
  return [
    ...missing.map(
      ({ name, job }): Violation => ({ promise: 'effect missing', subject: name, what: `${job} indexed it` }),
    ),
    ...documents.flatMap(checkDocument),
  ];
}

function indexed({ type, status, result, collection }: StoredJob): string[] {
  if (type !== 'ingest' || status !== 'succeeded') return [];
  const { documents = [] } = result as { documents?: { id: string; status: string }[] };
  return documents.flatMap(({ id, status }) => (status === 'searchable' ? [`${collection}/${id}`] : []));
}

function checkDocument(document: StoredDocument): Violation[] {
  const { collection, id, revision, status, total, passages, places, vectors, failedPassages } = document;
  const subject = `${collection}/${id}`;
  const broken: Violation[] = [];
  if (passages > places)
    broken.push({ promise: 'effect doubled', subject, what: `${passages} passages at ${places} places` });
  if (vectors > passages)
    broken.push({ promise: 'effect doubled', subject, what: `${vectors} vectors of ${passages} passages` });
  const whole = passages === total && vectors >= passages && failedPassages === 0;
  if (status !== 'searchable' || !whole)
    broken.push({
      promise: 'effect missing',
      subject,
      what: `${status}: of ${total} passages ${passages} are stored, ${vectors} with a vector (${revision})`,
    });
  return broken;
}
