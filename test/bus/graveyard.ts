import { TerminalError } from '../../shared/bus/errors.ts';
import { newId } from '../../shared/ids.ts';
import { eventually } from '../support/eventually.ts';
import { type Bench, embed, embedder } from './bench.ts';

/** A bus whose worker buries everything sent to a pool; the letters of that pool are this test's own. */
export async function graveyard(
  { connect }: Pick<Bench, 'connect'>,
  count: number,
  wish: Parameters<typeof embed>[0] = {},
) {
  const bus = await connect();
  const pool = newId('job').slice(-12);
  const queue = `embedder.${pool}.normal`;
  const handler = embedder(async () => {
    throw new TerminalError('model_not_found', 'no such model');
  });
  const serving = await bus.serve({ service: 'embedder', pool, concurrency: 9, handlers: [handler] });
  const commands = Array.from({ length: count }, (_, n) => embed({ pool, part: String(n), ...wish }));
  await bus.send(commands);
  const letters = () => bus.deadLetters.list({ queue });
  await eventually(async () => (await letters()).length === count, {
    within: 10_000,
    what: 'the letters',
    every: 200,
  });
  await serving.close();
  return { bus, pool, queue, commands, letters };
}
