import { Random } from '../random.ts';
import type { System } from '../system/system.ts';
import { LIBRARY, textOf } from '../workload.ts';
import { request } from './gateway.ts';

const BOOKS = 5;
const PARAGRAPHS = 6;
const TIMEOUT_S = 60;

/** Ingests what questions will be asked about. @throws when it cannot be done: then there is no point in going on */
export async function fillLibrary({ gateways: [gateway = ''] }: System, seed: string): Promise<void> {
  const random = new Random(`${seed}/library`);
  const documents = Array.from({ length: BOOKS }, (_, n) => ({
    id: `book-${n}`,
    title: `Book ${n}`,
    text: textOf(`book ${n}`, PARAGRAPHS, random),
  }));
  const { status, body } = await request<{ status?: string }>(gateway, 'POST', '/v1/jobs', {
    body: { type: 'ingest', input: { collection: LIBRARY, documents }, priority: 'high' },
    headers: { prefer: `wait=${TIMEOUT_S}` },
    timeoutMs: (TIMEOUT_S + 5) * 1000,
  });
  if (body.status !== 'succeeded')
    throw new Error(`the library could not be filled: ${status} ${JSON.stringify(body)}`);
}
