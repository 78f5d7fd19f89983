import { z } from 'zod';
import { UsageError } from '../../cli/errors.ts';
import type { Judgements } from '../scoring/measures.ts';
import { readJsonLines } from './json-lines.ts';

const Query = z.object({ _id: z.string().min(1), text: z.string().min(1) });

const Judgement = z
  .object({
    query: z.string().optional(),
    'query-id': z.string().optional(),
    section: z.string().optional(),
    document: z.string().optional(),
    'corpus-id': z.string().optional(),
    score: z.coerce.number().default(1),
  })
  .transform((row, context) => {
    const query = row.query ?? row['query-id'];
    const document = row.section ?? row.document ?? row['corpus-id'];
    if (query !== undefined && document !== undefined) return { query, document, score: row.score };
    context.addIssue('needs `query` and `section` (or `document`)');
    return z.NEVER;
  });

/** A question, and which documents answer it. */
export interface Question {
  readonly id: string;
  readonly text: string;
  readonly judgements: Judgements;
}

/**
 * The questions that somebody judged, in the order of their file; one without a relevant document measures nothing.
 * @throws {UsageError}
 */
export async function readQuestions(queriesFile: string, qrelsFile: string): Promise<Question[]> {
  const { rows: queries } = await readJsonLines(queriesFile, Query);
  const { rows: judged } = await readJsonLines(qrelsFile, Judgement);
  const byQuery = new Map<string, Map<string, number>>();
  for (const { query, document, score } of judged) {
    const known = byQuery.get(query) ?? new Map<string, number>();
    byQuery.set(query, known.set(document, score));
  }
  const questions = queries
    .map(({ _id, text }) => ({ id: _id, text, judgements: byQuery.get(_id) ?? new Map<string, number>() }))
    .filter(({ judgements }) => [...judgements.values()].some((score) => score > 0));
  if (questions.length === 0)
    throw new UsageError(`${qrelsFile} has no relevant document for any query of ${queriesFile}`);
  return questions;
}
