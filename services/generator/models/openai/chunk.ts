import { z } from 'zod';
import { broken } from '../../../../shared/resilience/failure.ts';
import type { Finish, Piece } from '../model.ts';

const Count = z.int().nonnegative();

/** What matters of a `chat.completion.chunk`. */
const Chunk = z.object({
  choices: z
    .array(
      z.object({
        index: z.int().default(0),
        delta: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: z.object({ prompt_tokens: Count, completion_tokens: Count }).partial().nullish(),
});

/**
 * The pieces of a chat out of its chunks. The usage comes last, in a chunk of its own or not at all, so the end is told
 * when there are no more chunks; without a `finish_reason` it is not told.
 */
export async function* piecesOf(
  provider: string,
  model: string,
  chunks: AsyncIterable<unknown>,
): AsyncGenerator<Piece> {
  let finish: Finish = { finish_reason: '', model, usage: {} };
  for await (const each of chunks) {
    const { success, data } = Chunk.safeParse(each);
    if (!success) throw broken(provider, `sent what is no chunk of a chat: ${JSON.stringify(each).slice(0, 100)}`);
    const choice = data.choices.find(({ index }) => index === 0);
    if (choice?.delta?.content) yield { text: choice.delta.content };
    if (choice?.finish_reason) finish = { ...finish, finish_reason: choice.finish_reason };
    const { prompt_tokens, completion_tokens } = data.usage ?? {};
    if (prompt_tokens !== undefined && completion_tokens !== undefined) {
      finish = { ...finish, usage: { prompt_tokens, completion_tokens } };
    }
  }
  if (finish.finish_reason !== '') yield { finish };
}
