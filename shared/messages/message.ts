import type { z } from 'zod';

/** What one process tells another: a name and a JSON body. */
export interface Message<Type extends string = string, Body = unknown> {
  readonly type: Type;
  readonly body: Body;
}

/** A kind of message. Call it to make one; `parse` checks a body that came over the wire. */
export interface MessageType<Type extends string, Schema extends z.ZodType> {
  (body: z.input<Schema>): Message<Type, z.output<Schema>>;
  readonly type: Type;
  readonly schema: Schema;
  /** @throws {z.ZodError} when the body does not fit the schema */
  parse(body: unknown): Message<Type, z.output<Schema>>;
}

/** Declares a kind of message. Bodies made here are trusted; only `parse` validates. */
export function message<const Type extends string, Schema extends z.ZodType>(
  type: Type,
  schema: Schema,
): MessageType<Type, Schema> {
  const make = (body: z.input<Schema>) => ({ type, body: body as z.output<Schema> });
  return Object.assign(make, {
    type,
    schema,
    parse: (body: unknown) => ({ type, body: schema.parse(body) }),
  });
}

/** The message that a message type makes. */
export type Of<T extends MessageType<string, z.ZodType>> = Message<T['type'], z.output<T['schema']>>;
