import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { Refusal } from './refusal.ts';

const MOST_BYTES = 64 * 1024 * 1024;

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Refusal(413, 'request body too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The request's JSON. @throws {Refusal} 400 for what is none */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request);
  if (text === '') throw new Refusal(400, 'missing request body', 'bad body');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal(400, (error as Error).message, 'bad body');
  }
}

const FIRST_ISSUE = 0;

/** The body as the route wants it. @throws {Refusal} with the status that the dialect has for this */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown, status = 400): z.infer<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[FIRST_ISSUE];
  const where = issue?.path.join('.') ?? '';
  throw new Refusal(status, `${where === '' ? 'body' : where}: ${issue?.message ?? 'invalid'}`, 'bad body');
}

const Named = z.looseObject({ model: z.string().optional(), name: z.string().optional() });

/** The model that a body names, if it does. */
export function namedModel(body: unknown): string | undefined {
  const { data } = Named.safeParse(body);
  return data?.model ?? data?.name;
}
