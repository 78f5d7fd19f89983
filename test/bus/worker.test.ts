import { expect } from 'chai';
import { rungMessage } from '../../shared/bus/conclude.ts';
import { deadLetterId } from '../../shared/bus/dead-letter.ts';
import { AbortedError, OutageError, RetryableError, TerminalError } from '../../shared/bus/errors.ts';
import type { Work } from '../../shared/bus/handler.ts';
import { newId } from '../../shared/ids.ts';
import { AnswerDelta } from '../../shared/messages/answering.ts';
import type { Command } from '../../shared/messages/command.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';
import { bench, embed, embedder, gate, hear, publishRaw } from './bench.ts';

const bodyOf = (record: { event: { body: unknown } } | undefined) => record?.event.body as Record<string, unknown>;

/** One for each way a worker gets its commands: fetched one by one, or pushed. */
const WAYS = [
  { name: 'fetched', concurrency: 2 },
  { name: 'pushed', concurrency: 12 },
] as const;

for (const { name, concurrency } of WAYS) {
  describe(`worker (${name} lanes)`, () => {
    const here = bench();
    const { use, connect } = here;
    let pools = 0;

    /** A bus, its journal, and a pool of its own. */
    async function stage() {
      const bus = await connect();
      const heard = use(await hear(bus));
      pools += 1;
      const pool = `pool${pools}`;
      const serve = async (
        act: Parameters<typeof embedder>[0],
        more: { concurrency?: number; drainMs?: number } = {},
      ) => use(await bus.serve({ service: 'embedder', pool, concurrency, handlers: [embedder(act)], ...more }));
      const command = (wish: Parameters<typeof embed>[0] = {}) => embed({ pool, ...wish });
      const depth = async (lane: string) =>
        (await bus.queues()).find((queue) => queue.name === `embedder.${pool}.${lane}`)?.depth;
      return { bus, heard, pool, serve, command, depth };
    }

    const jobs = (commands: readonly Command[]) => commands.map(({ job }) => job);

    it('carries out commands and tells their journals', async () => {
      const { bus, heard, serve, command } = await stage();
      await serve(async () => {});
      const commands = Array.from({ length: 30 }, () => command());
      await bus.send(commands);
      await heard.until('all results', () => commands.every(({ job }) => heard.ofJob(job).length > 0));
      expect(jobs(commands).map((job) => heard.ofJob(job).map(({ id }) => id))).to.deep.equal(
        jobs(commands).map((job) => [`${job}/texts.embedded/0`]),
      );
    });

    it('tells that a slow command has started, and in order what it says', async () => {
      const { bus, heard, serve, command } = await stage();
      await serve(async (_body, { tell }) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        for (let n = 0; n < 200; n += 1) await tell(AnswerDelta({ run: 'r', offset: n, text: 'x' }), String(n));
      });
      const wish = command();
      await bus.send([wish]);
      await heard.until('the result', () => heard.types(wish.job).includes('texts.embedded'));
      expect(heard.types(wish.job)).to.deep.equal([
        'command.started',
        ...Array(200).fill('answer.delta'),
        'texts.embedded',
      ]);
      const deltas = heard.ofJob(wish.job).slice(1, -1);
      expect(deltas.map((delta) => bodyOf(delta).offset)).to.deep.equal([...Array(200).keys()]);
    });

    it('joins a redelivery to the work that still goes on', async () => {
      const { heard, pool, command, bus } = await stage();
      const proxy = use(await startProxy(here.vhost.amqpUrl));
      const cut = await connect({ url: proxy.url });
      const slow = gate();
      const begun: string[] = [];
      const handler = embedder(async ({ batch }) => {
        begun.push(batch);
        if (batch === 'slow') await slow.opened;
      });
      const serving = use(await cut.serve({ service: 'embedder', pool, concurrency, handlers: [handler] }));
      const wish = command({ part: 'slow' });
      await bus.send([wish]);
      await eventually(() => begun.length === 1, { within: 5000, what: 'the run' });
      proxy.cut();
      await eventually(() => !cut.health().connected, { within: 5000, what: 'the cut' });
      // Behind the redelivery in the lane, so it begins only when that has been picked up.
      await bus.send([command({ part: 'behind' })]);
      await eventually(() => begun.includes('behind'), { within: 10_000, what: 'the command behind it' });
      slow.open();
      await heard.until('the result', () => heard.types(wish.job).length > 0);
      await eventually(() => serving.busy() === 0, { within: 5000, what: 'the worker to be idle' });
      await serving.close();
      expect(begun).to.deep.equal(['slow', 'behind']);
      expect(heard.types(wish.job)).to.deep.equal(['command.started', 'texts.embedded']);
      expect((await bus.queues()).find((queue) => queue.name === `embedder.${pool}.normal`)?.depth).to.equal(0);
    });

    it('lets high overtake 300 low, and low move while high never ends', async () => {
      const { bus, serve, command } = await stage();
      const order: string[] = [];
      const low = Array.from({ length: 300 }, (_, n) => command({ part: `low${n}`, priority: 'low' }));
      await bus.send(low);
      await bus.send(Array.from({ length: 170 }, (_, n) => command({ part: `high${n}`, priority: 'high' })));
      await serve(async ({ batch }) => {
        order.push(batch);
        await new Promise((resolve) => setTimeout(resolve, 5));
      });
      await eventually(() => order.length >= 180, { within: 15_000, what: '180 commands' });
      const first = order.slice(0, 170);
      expect(first.filter((part) => part.startsWith('high')).length).to.be.within(150, 168);
      expect(first.filter((part) => part.startsWith('low')).length).to.be.within(5, 20);
      await bus.send([command({ part: 'late', priority: 'high' })]);
      const before = order.length;
      await eventually(() => order.includes('late'), { within: 5000, what: 'the late one' });
      expect(order.indexOf('late') - before).to.be.at.most(3 * concurrency);
      expect(before).to.be.below(400);
    });

    it('wakes up for any lane', async () => {
      const { bus, heard, serve, command } = await stage();
      await serve(async () => {});
      for (const priority of ['low', 'high', 'normal', 'low'] as const) {
        const wish = command({ priority });
        await bus.send([wish]);
        await heard.until(`the ${priority} one`, () => heard.types(wish.job).length > 0, 5000);
      }
    });

    it('tries again after a second, and says so first', async () => {
      const { bus, heard, serve, command } = await stage();
      const attempts: { attempt: number; at: number }[] = [];
      await serve(async (_body, work) => {
        attempts.push({ attempt: work.command.attempt, at: Date.now() });
        if (work.command.attempt === 1) throw new RetryableError('provider_error', 'hiccup', { provider: 'test' });
      });
      const wish = command({ part: 'p' });
      await bus.send([wish]);
      await heard.until('the result', () => heard.types(wish.job).includes('texts.embedded'));
      expect(attempts.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
      expect((attempts[1]?.at ?? 0) - (attempts[0]?.at ?? 0)).to.be.within(950, 3000);
      expect(heard.types(wish.job)).to.deep.equal(['command.retrying', 'texts.embedded']);
      expect(bodyOf(heard.ofJob(wish.job)[0])).to.deep.equal({
        command: wish.id,
        stage: 'texts.embed',
        part: 'p',
        attempt: 2,
        delay_ms: 1000,
        error: { code: 'provider_error', message: 'hiccup', retryable: true, attempts: 1, provider: 'test' },
      });
    });

    it('leaves a provider alone for as long as it asked, spending no attempt', async () => {
      const { serve, command } = await stage();
      const runs: { attempt: number; at: number }[] = [];
      await serve(async (_body, { command: { attempt } }) => void runs.push({ attempt, at: Date.now() }));
      const notBefore = Date.now() + 1900;
      await publishRaw(here.vhost.amqpUrl, rungMessage(command({ attempt: 2 }), 1, notBefore));
      await eventually(() => runs.length > 0, { within: 15_000, what: 'the run' });
      expect(runs.map(({ attempt }) => attempt)).to.deep.equal([2]);
      expect(runs[0]?.at).to.be.at.least(notBefore - 500);
    });

    it('buries a terminal error and tells the job', async () => {
      const { bus, heard, serve, command, pool } = await stage();
      use(await bus.readDead());
      await serve(async () => {
        throw new TerminalError('model_not_found', 'no such model', { provider: 'test' });
      });
      const wish = command();
      await bus.send([wish]);
      await heard.until('the failure', () => heard.types(wish.job).includes('command.failed'));
      const [letter] = await bus.deadLetters.list({ queue: `embedder.${pool}.normal` });
      expect(bodyOf(heard.ofJob(wish.job)[0])).to.deep.include({
        command: wish.id,
        stage: 'texts.embed',
        dead_letter: deadLetterId(wish.job, wish.id),
        replay: 0,
        body: wish.body,
      });
      expect(letter).to.deep.include({
        id: deadLetterId(wish.job, wish.id),
        job: wish.job,
        command: wish.id,
        type: 'texts.embed',
        reason: 'failed',
        attempts: 1,
        replayable: true,
        body: wish.body,
      });
      expect(letter?.error).to.deep.include({ code: 'model_not_found', message: 'no such model', retryable: false });
    });

    it('gives up after the last attempt', async () => {
      const { bus, heard, serve, command } = await stage();
      use(await bus.readDead());
      let runs = 0;
      await serve(async () => {
        runs += 1;
        throw new Error('odd');
      });
      const wish = command({ max_attempts: 2 });
      await bus.send([wish]);
      await heard.until('the failure', () => heard.types(wish.job).includes('command.failed'));
      expect(runs).to.equal(2);
      expect(bodyOf(heard.ofJob(wish.job).at(-1)).error).to.include({
        code: 'attempts_exhausted',
        message: 'odd',
        attempts: 2,
      });
    });

    it('buries unknown types, bodies that do not fit, and what is no command at all', async () => {
      const { bus, heard, serve, command, pool } = await stage();
      use(await bus.readDead());
      await serve(async () => {});
      const lane = `embedder.${pool}.normal`;
      const wrong = command({ body: { texts: 'no array' } });
      await bus.send([wrong]);
      await here.vhost.api('POST', `exchanges/${here.vhost.name}/amq.default/publish`, {
        properties: {},
        routing_key: lane,
        payload: 'garbage',
        payload_encoding: 'string',
      });
      await heard.until('the failure', () => heard.types(wrong.job).includes('command.failed'));
      await eventually(async () => (await bus.deadLetters.list({ queue: lane })).length === 2, {
        within: 5000,
        what: 'both letters',
      });
      const letters = await bus.deadLetters.list({ queue: lane });
      expect(letters.map(({ error, replayable, job }) => [error.code, replayable, job])).to.have.deep.members([
        ['validation', true, wrong.job],
        ['validation', false, undefined],
      ]);
      const good = command();
      await bus.send([good]);
      await heard.until('the next command', () => heard.types(good.job).includes('texts.embedded'));
    });

    it('drops commands of a cancelled job before they begin', async () => {
      const { bus, heard, serve, command } = await stage();
      const seen: string[] = [];
      const [unwanted, wanted] = [command({ part: 'unwanted' }), command({ part: 'wanted' })];
      await bus.cancelJob(unwanted.job, 0);
      await bus.send([unwanted, command({ part: 'overdue', deadline: Date.now() - 1 }), wanted]);
      await serve(async ({ batch }) => void seen.push(batch));
      await heard.until('the wanted one', () => heard.types(wanted.job).length > 0);
      await eventually(async () => seen.length > 0, { within: 1000, what: 'a run' });
      expect(seen).to.deep.equal(['wanted']);
    });

    it('lets a job that was replayed after its cancel go on, until it is cancelled again', async () => {
      const { bus, serve, command } = await stage();
      const running = new Set<string>();
      await serve(async ({ batch }, { signal }: Work) => {
        running.add(batch);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        running.delete(batch);
        throw signal.reason;
      });
      const before = command({ part: 'before' });
      const after = { ...command({ part: 'after', job: before.job }), id: `${before.id}/1`, replay: 1 };
      await bus.send([before, after]);
      await eventually(() => running.size === 2, { within: 5000, what: 'both runs' });
      await bus.cancelJob(before.job, 0);
      await eventually(() => !running.has('before'), { within: 5000, what: 'the end of the former life' });
      expect([...running]).to.deep.equal(['after']);
      await bus.cancelJob(before.job, 1);
      await eventually(() => running.size === 0, { within: 5000, what: 'the end of both' });
    });

    it('aborts the work of a cancelled job, and of one that is overdue', async () => {
      const { bus, serve, command, depth } = await stage();
      const reasons = new Map<string, unknown>();
      let running = 0;
      await serve(async ({ batch }, work: Work) => {
        running += 1;
        await new Promise((resolve) => work.signal.addEventListener('abort', resolve));
        reasons.set(batch, work.signal.reason);
        throw work.signal.reason;
      });
      const cancelled = command({ part: 'cancelled' });
      await bus.send([cancelled, command({ part: 'overdue', deadline: Date.now() + 600 })]);
      await eventually(() => running === 2, { within: 5000, what: 'both runs' });
      await bus.cancelJob(cancelled.job, 0);
      await eventually(() => reasons.size === 2, { within: 5000, what: 'both aborts' });
      expect(reasons.get('cancelled')).to.be.instanceOf(AbortedError).with.property('reason', 'cancelled');
      expect(reasons.get('overdue')).to.be.instanceOf(AbortedError).with.property('reason', 'overdue');
      expect(await depth('normal')).to.equal(0);
    });

    it('pauses the lanes for an outage, spending no attempt', async () => {
      const { bus, heard, serve, command } = await stage();
      const runs: { at: number; attempt: number }[] = [];
      let out = true;
      await serve(
        async (_body, { command: { attempt } }) => {
          runs.push({ at: Date.now(), attempt });
          if (out) {
            out = false;
            throw new OutageError('test', 'out', 1500);
          }
        },
        { concurrency: name === 'pushed' ? 9 : 1 },
      );
      const commands = Array.from({ length: 20 }, () => command({ max_attempts: 1 }));
      const startedAt = Date.now();
      await bus.send(commands.slice(0, 1));
      await eventually(() => runs.length === 1, { within: 5000, what: 'the outage' });
      await bus.send(commands.slice(1));
      await heard.until('all results', () => commands.every(({ job }) => heard.types(job).includes('texts.embedded')));
      expect(runs.map(({ attempt }) => attempt)).to.deep.equal(Array(21).fill(1));
      const resumedAt = runs[1]?.at ?? 0;
      expect(resumedAt - startedAt).to.be.at.least(1500);
      const [first, ...others] = commands.map(({ job }) => heard.types(job));
      expect(first).to.deep.equal(['command.retrying', 'texts.embedded']);
      expect(others.flat()).to.deep.equal(Array(19).fill('texts.embedded'));
    });

    it('drains when it is closed: what runs ends, what waits goes back', async () => {
      const { bus, heard, serve, command, depth } = await stage();
      const slow = gate();
      const begun: string[] = [];
      const serving = await serve(async ({ batch }) => {
        begun.push(batch);
        await slow.opened;
      });
      const commands = Array.from({ length: 30 }, (_, n) => command({ part: String(n) }));
      await bus.send(commands);
      await eventually(() => begun.length === concurrency, { within: 5000, what: 'all slots to be busy' });
      expect(serving.busy()).to.equal(concurrency);
      const closed = serving.close();
      slow.open();
      await closed;
      expect(begun).to.have.length(concurrency);
      expect(await depth('normal')).to.equal(30 - concurrency);
      await heard.until(
        'what ran',
        (records) => records.filter(({ event }) => event.type === 'texts.embedded').length === concurrency,
      );
    });

    it('aborts what does not end in time, and gives it back', async () => {
      const { bus, serve, command, depth } = await stage();
      let reason: unknown;
      const serving = await serve(
        async (_body, { signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          reason = signal.reason;
          throw signal.reason;
        },
        { drainMs: 100 },
      );
      await bus.send([command()]);
      await eventually(() => serving.busy() === 1, { within: 5000, what: 'the run' });
      await serving.close();
      expect(reason).to.be.instanceOf(AbortedError).with.property('reason', 'shutdown');
      expect(await depth('normal')).to.equal(1);
    });

    it('refuses a command that no message can carry', async () => {
      const { bus, command } = await stage();
      const error = await bus.send([command({ texts: ['x'.repeat(1024 * 1024)] })]).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(TerminalError).with.property('code', 'validation');
    });

    it('buries a result that no message can carry', async () => {
      const { bus, heard, serve, command } = await stage();
      use(await bus.readDead());
      await serve(async (_body, { tell, command: { job } }) => {
        await tell(AnswerDelta({ run: job, offset: 0, text: 'x'.repeat(1024 * 1024) }), '0');
      });
      const wish = command();
      await bus.send([wish]);
      await heard.until('the failure', () => heard.types(wish.job).includes('command.failed'));
      expect(heard.types(wish.job)).to.deep.equal(['command.failed']);
    });

    it('comes back when a lane is deleted', async () => {
      const { bus, heard, serve, command, pool } = await stage();
      await serve(async () => {});
      const before = command();
      await bus.send([before]);
      await heard.until('the first result', () => heard.types(before.job).length > 0);
      await here.vhost.api('DELETE', `queues/${here.vhost.name}/embedder.${pool}.normal`);
      const wish = command();
      await bus.send([wish]);
      await heard.until('the result', () => heard.types(wish.job).includes('texts.embedded'));
    });

    it('tells that it is alive, and how busy', async () => {
      const { bus, serve, pool, command } = await stage();
      const alive: { pool: string; busy: number; id: string }[] = [];
      const listener = await bus.onPush({ events: () => {}, alive: (worker) => alive.push(worker), resync: () => {} });
      use(listener);
      const slow = gate();
      await bus.send([command()]);
      await serve(() => slow.opened);
      await eventually(() => alive.some((worker) => worker.pool === pool && worker.busy === 1), {
        within: 8000,
        what: 'a busy worker',
      });
      slow.open();
    });

    it('knows the difference between jobs', async () => {
      const { bus, heard, serve, command } = await stage();
      const job = newId('job');
      await serve(async () => {});
      await bus.send([command({ job, part: 'a' }), command({ job, part: 'b' })]);
      await heard.until('both parts', () => heard.ofJob(job).length === 2);
      expect(heard.ofJob(job).map(({ id }) => id)).to.have.members([
        `${job}/texts.embedded/a`,
        `${job}/texts.embedded/b`,
      ]);
    });
  });
}
