import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UsageError } from '../../cli/errors.ts';

/** The rows of a file, and a hash of its bytes. */
export interface JsonLines<Row> {
  readonly rows: readonly Row[];
  readonly sha256: string;
}

/** Reads a file of JSON lines; empty lines do not count. @throws {UsageError} naming the file and line that is wrong */
export async function readJsonLines<Row>(file: string, schema: z.ZodType<Row>): Promise<JsonLines<Row>> {
  const content = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot read ${file}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`);
  });
  const rows = content
    .toString('utf8')
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [parsed(line, schema, `${file}:${index + 1}`)]));
  if (rows.length === 0) throw new UsageError(`${file} is empty`);
  return { rows, sha256: createHash('sha256').update(content).digest('hex') };
}

function parsed<Row>(line: string, schema: z.ZodType<Row>, place: string): Row {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new UsageError(`${place} is no JSON`);
  }
  const { success, data, error } = schema.safeParse(value);
  if (!success) throw new UsageError(`${place}: ${z.prettifyError(error).replaceAll(/\s+/g, ' ')}`);
  return data;
}
