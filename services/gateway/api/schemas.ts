import { z } from 'zod';

type Json = Record<string, unknown>;

/** Every named schema as JSON Schema, its references beginning with `prefix`. */
export function namedSchemas(prefix: string): Json {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { uri: (id) => prefix + id, io: 'input' });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, embedded(schema)]));
}

/** Inside another document a schema needs neither its own dialect nor an address. */
const embedded = ({ $schema: _, $id: __, ...schema }: Json): Json => schema;
