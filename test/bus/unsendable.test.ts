import { expect } from 'chai';
import { CommandFailed } from '../../shared/messages/outcome.ts';
import { bench, bodyOf, type CommandWish, embed, embedder, hear } from './bench.ts';

describe('a command that no lane can have', () => {
  const here = bench();

  const rows: [what: string, wish: CommandWish, why: RegExp][] = [
    ['of a type that nobody carries out', { type: 'no.such' }, /nobody carries out "no.such"/],
    ['too large for a message', { texts: ['x'.repeat(1_100_000)] }, /has \d+ bytes, more than/],
  ];
  for (const [what, wish, why] of rows)
    it(`being ${what} becomes a dead letter, and those beside it go their way`, async () => {
      const { connect, use } = here;
      const bus = await connect();
      const heard = use(await hear(bus));
      use(await bus.readDead());
      const done: string[] = [];
      const handlers = [embedder(async ({ batch }) => void done.push(batch))];
      use(await bus.serve({ service: 'embedder', pool: 'default', concurrency: 9, handlers }));
      const odd = embed(wish);
      await bus.send([embed({ part: 'before' }), odd, embed({ part: 'after' })]);
      await heard.until('its job to hear', () => heard.types(odd.job).includes(CommandFailed.type));
      await heard.until('the others', () => done.length === 2);
      const failed = bodyOf(heard.ofJob(odd.job)[0]);
      expect(failed).to.deep.include({ command: odd.id, stage: odd.type, part: odd.part });
      const [letter] = await bus.deadLetters.list({ ids: [String(failed.dead_letter)] });
      expect(letter).to.include({ job: odd.job, command: odd.id, queue: 'none', replayable: true });
      expect(letter?.error).to.include({ code: 'validation', retryable: false, attempts: 1 });
      expect(letter?.error.message).to.match(why);
    });
});
