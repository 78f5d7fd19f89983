import { z } from 'zod';

const MOST = 1_000;
const count = z.coerce.number().int().min(1).max(MOST);

/** How much one process does at once: in all, and with single providers. */
export interface Concurrency {
  readonly all: number;
  /** By provider; one that is not named takes as much as there is. */
  readonly of: Readonly<Partial<Record<string, number>>>;
}

const WORDING = `must be a number from 1 to ${MOST}, and may go on with less for single providers: 8,ollama=1`;

/** Reads `8` and `8,ollama=1,huggingface=4`. */
export const concurrency = (fallback: number, providers: readonly string[]) =>
  z
    .string()
    .default(String(fallback))
    .transform((text, context): Concurrency => {
      const [all, ...named] = text.split(',').map((part) => part.trim());
      const of = Object.fromEntries(named.map(providerAndCount));
      const read = z.object({ all: count, of: z.partialRecord(z.enum(providers), count) }).safeParse({ all, of });
      if (read.success) return read.data;
      context.addIssue(WORDING);
      return z.NEVER;
    });

function providerAndCount(text: string): [string, string] {
  const [provider = '', ...rest] = text.split('=');
  return [provider.trim(), rest.join('=')];
}
