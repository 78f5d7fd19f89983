import fc from 'fast-check';
import { z } from 'zod';

type JsonSchema = Record<string, unknown>;

const MAX_ITEMS = 4;
/** Of ten values, so many are nothing like what the schema wants. */
const WRONG = 1;
const RIGHT = 9;

/** Strings that have broken things before. */
export const nasty: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '\u0000',
    '\ud800',
    '../../etc/passwd',
    '%2e%2e%2f',
    "' or 1=1 --",
    '$1',
    '{"$gt":""}',
    '__proto__',
    'constructor',
    '\r\nX-Injected: yes',
    '\u202eevil',
    '💩'.repeat(20),
    'a'.repeat(5_000),
    'NaN',
    '1e999',
    '-0',
  ),
);

const anything: fc.Arbitrary<unknown> = fc.oneof(
  nasty,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(null, true, -1, 0, 1e308, Number.MAX_SAFE_INTEGER, [], {}),
);

/** Values that a schema takes, mixed with values that it should not. */
export const fromSchema = (schema: z.ZodType): fc.Arbitrary<unknown> => {
  const { $defs = {}, ...root } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return anyOfSchema(root, $defs as Record<string, JsonSchema>, 0);
};

function anyOfSchema(schema: JsonSchema, defs: Record<string, JsonSchema>, depth: number): fc.Arbitrary<unknown> {
  if (depth > 6) return anything;
  const right = fitting(schema, defs, depth + 1);
  return fc.oneof({ arbitrary: right, weight: RIGHT }, { arbitrary: anything, weight: WRONG });
}

function fitting(schema: JsonSchema, defs: Record<string, JsonSchema>, depth: number): fc.Arbitrary<unknown> {
  const { $ref, const: constant, enum: values, type, examples } = schema;
  const options = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (typeof $ref === 'string') return lazily(() => anyOfSchema(named($ref, defs), defs, depth));
  if (constant !== undefined) return fc.constant(constant);
  if (Array.isArray(values)) return fc.constantFrom(...values);
  const [first, ...others] = (options ?? []).map((option) => anyOfSchema(option, defs, depth));
  if (first !== undefined) return fc.oneof(first, ...others);
  const known = Array.isArray(examples) ? [{ arbitrary: fc.constantFrom(...examples), weight: 1 }] : [];
  return fc.oneof({ arbitrary: byType(schema, type, defs, depth), weight: 4 }, ...known);
}

function byType(schema: JsonSchema, type: unknown, defs: Record<string, JsonSchema>, depth: number) {
  switch (type) {
    case 'object':
      return objectOf(schema, defs, depth);
    case 'array':
      return fc.array(anyOfSchema((schema.items ?? {}) as JsonSchema, defs, depth), { maxLength: MAX_ITEMS });
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer({ min: -2, max: 100 }), fc.double());
    case 'string':
      return fc.oneof(nasty, fc.string({ maxLength: 30 }), fc.constantFrom('docs', 'default', '2030-01-01T00:00:00Z'));
    case 'boolean':
      return fc.boolean();
    default:
      return anything;
  }
}

function objectOf(schema: JsonSchema, defs: Record<string, JsonSchema>, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const required = new Set((schema.required ?? []) as string[]);
  const model = Object.fromEntries(properties.map(([name, inner]) => [name, anyOfSchema(inner, defs, depth)]));
  const mostlyWhole = fc.record(model, { requiredKeys: [...required] });
  const more = fc.dictionary(nasty, anything, { maxKeys: 2 });
  return fc.oneof(
    { arbitrary: mostlyWhole, weight: RIGHT },
    { arbitrary: fc.tuple(mostlyWhole, more).map(([own, foreign]) => ({ ...own, ...foreign })), weight: WRONG },
  );
}

const named = (ref: string, defs: Record<string, JsonSchema>): JsonSchema => defs[ref.split('/').at(-1) ?? ''] ?? {};

const lazily = (make: () => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.constant(null).chain(make);
