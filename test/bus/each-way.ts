import { type Bench, bench, embed, embedder, hear } from './bench.ts';

/** One for each way a worker gets its commands: fetched one by one, or pushed. */
const WAYS = [
  { name: 'fetched', concurrency: 2 },
  { name: 'pushed', concurrency: 12 },
] as const;

interface Way {
  readonly name: (typeof WAYS)[number]['name'];
  readonly concurrency: number;
  readonly here: Bench;
  readonly stage: ReturnType<typeof stages>;
}

/** Gives a suite its stages: pools that share nothing but the virtual host. */
function stages({ connect, use }: Bench, concurrency: number) {
  let pools = 0;
  /** A bus, its journal, and a pool of its own. */
  return async function stage() {
    const bus = await connect();
    const heard = use(await hear(bus));
    pools += 1;
    const pool = `pool${pools}`;
    const serve = async (act: Parameters<typeof embedder>[0], more: { concurrency?: number; drainMs?: number } = {}) =>
      use(await bus.serve({ service: 'embedder', pool, concurrency, handlers: [embedder(act)], ...more }));
    const command = (wish: Parameters<typeof embed>[0] = {}) => embed({ pool, ...wish });
    const depth = async (lane: string) =>
      (await bus.queues()).find((queue) => queue.name === `embedder.${pool}.${lane}`)?.depth;
    return { bus, heard, pool, serve, command, depth };
  };
}

/** Describes the same of workers whose commands are fetched and of workers to whom they are pushed. */
export function eachWay(what: string, suite: (way: Way) => void): void {
  for (const { name, concurrency } of WAYS) {
    describe(`worker (${name} lanes): ${what}`, () => {
      const here = bench();
      suite({ name, concurrency, here, stage: stages(here, concurrency) });
    });
  }
}
