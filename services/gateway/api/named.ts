import { z } from 'zod';

interface About {
  readonly description?: string;
  readonly examples?: readonly unknown[];
}

/** Gives a schema the name under which /openapi.json and /asyncapi.json show it, with an example or two. */
export function named<Schema extends z.ZodType>(
  id: string,
  schema: Schema,
  { description, examples }: About = {},
): Schema {
  z.globalRegistry.add(schema, {
    id,
    ...(description === undefined ? {} : { description }),
    ...(examples === undefined ? {} : { examples: [...examples] }),
  });
  return schema;
}

export const nameOf = (schema: z.ZodType): string | undefined => z.globalRegistry.get(schema)?.id;

/** Time as it is shown: RFC 3339 UTC. */
export const Time = z.string().meta({ format: 'date-time', examples: ['2026-01-31T12:00:00.000Z'] });

/** One page of a list and how to get the next. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), has_more: z.boolean(), next_cursor: z.string().nullable() });

/** How much of a list is wanted. */
export const limitOf = (fallback: number, max: number) => z.coerce.number().int().min(1).max(max).default(fallback);
