import { expect } from 'chai';
import { DeadLetterPage, DeadLetterView, Replayed } from '../../../services/gateway/api/dead-letter.ts';
import { type Closeable, DeadLettersBusyError } from '../../../shared/bus/bus.ts';
import { deadLetterId } from '../../../shared/bus/dead-letter.ts';
import { TerminalError } from '../../../shared/bus/errors.ts';
import { on } from '../../../shared/bus/handler.ts';
import { newId } from '../../../shared/ids.ts';
import { GenerateAnswer } from '../../../shared/messages/answering.ts';
import { type Command, commandId } from '../../../shared/messages/command.ts';
import { eventually } from '../../support/eventually.ts';
import { client, inMood, ROOT } from './fixture.ts';
import { suiteFixture } from './suite-fixture.ts';

describe('gateway: for those who run it', () => {
  const fixture = suiteFixture();
  const { ann, root } = fixture;

  describe('dead letters', () => {
    let serving: Closeable;
    let job: string;

    before(async () => {
      const refuse = on(GenerateAnswer, async () => {
        throw new TerminalError('model_not_found', 'there is no such model');
      });
      serving = await fixture.bus.serve({ service: 'generator', pool: 'default', concurrency: 4, handlers: [refuse] });
      job = (await ann.post('/v1/generate', { prompt: 'p' })).body.id;
      await fixture.stage.show(job, [], { status: 'failed' });
      await fixture.bus.send(['0', '1', '2'].map((part) => commandOf(job, part)));
      await eventually(async () => (await root.get('/v1/dead-letters')).body.data?.length === 3, {
        within: 15_000,
        what: 'three dead letters',
      });
    });
    after(() => serving.close());

    it('are listed with why and where they died, read with their body', async () => {
      const listed = DeadLetterPage.parse(
        (await root.get('/v1/dead-letters?type=answer.generate&error_code=model_not_found')).body,
      ).data;
      expect(listed).to.have.length(3);
      for (const letter of listed)
        expect(letter).to.deep.include({
          job,
          type: 'answer.generate',
          queue: 'generator.default.normal',
          attempts: 1,
          replay_count: 0,
          replayable: true,
        });
      expect((await root.get('/v1/dead-letters?type=texts.embed')).body.data).to.deep.equal([]);
      const { body } = await root.get(`/v1/dead-letters/${listed[0]?.id}`);
      expect(DeadLetterView.strict().parse(body).body).to.deep.equal({ question: 'why?' });
    });

    it('are listed page by page, each once', async () => {
      const all = DeadLetterPage.parse((await root.get('/v1/dead-letters')).body).data.map(({ id }) => id);
      for (const first of ['', '&after=2026-01-01T00:00:00Z']) {
        const met: string[] = [];
        let query = `/v1/dead-letters?limit=1&type=answer.generate${first}`;
        for (let page = DeadLetterPage.parse((await root.get(query)).body); ; ) {
          met.push(...page.data.map(({ id }) => id));
          if (!page.has_more) break;
          query = `/v1/dead-letters?limit=1&type=answer.generate&after=${page.next_cursor}`;
          page = DeadLetterPage.parse((await root.get(query)).body);
        }
        expect(met).to.deep.equal(all);
      }
      const { status, body } = await root.get('/v1/dead-letters?after=yesterday');
      expect([status, body.errors[0].pointer]).to.deep.equal([422, '/after']);
    });

    it('are replayed: counted first, then one', async () => {
      const dry = await root.post('/v1/dead-letters/replay', { dry_run: true });
      expect([dry.status, dry.body.matched]).to.deep.equal([202, 3]);
      const [letter] = (await root.get('/v1/dead-letters')).body.data;
      const one = await root.post('/v1/dead-letters/replay', { ids: [letter.id] });
      expect([one.status, one.body.matched, one.body.replayed]).to.deep.equal([202, 1, 1]);
      const replayed = () => fixture.stage.records.filter(({ event }) => event.type === 'command.replayed');
      await eventually(() => replayed().length === 1, { within: 10_000, what: 'the replay in the journal' });
      expect(replayed()[0]).to.deep.include({ job });
      await eventually(async () => (await root.get('/v1/dead-letters')).body.data.length === 2, {
        within: 10_000,
        what: 'the others to be back',
      });
    });

    it('stay where they are when their job cannot run again, and hide no others', async () => {
      const running = (await ann.post('/v1/generate', { prompt: 'p' })).body.id;
      await fixture.stage.show(running, [], { status: 'running' });
      const gone = newId('job');
      await fixture.stage.show(job, [], { status: 'failed' });
      const before = (await root.get('/v1/dead-letters')).body.data.length;
      await fixture.bus.send([commandOf(gone, '0'), commandOf(running, '0')]);
      const listed = async () => (await root.get('/v1/dead-letters')).body.data as DeadLetterView[];
      await eventually(async () => (await listed()).length === before + 2, {
        within: 15_000,
        what: 'two letters more',
      });
      const idOf = (of: string) => deadLetterId(of, commandId(of, 'answer.generate', '0'));
      const skipped = [
        { id: idOf(gone), why: 'its job is gone' },
        { id: idOf(running), why: 'its job is running, not failed' },
      ];
      const ids = skipped.map(({ id }) => id);
      for (const dry_run of [true, false]) {
        const { status, body } = await root.post('/v1/dead-letters/replay', { ids, dry_run });
        expect(status).to.equal(202);
        expect(Replayed.strict().parse(body)).to.include({ matched: 2, replayed: 0 });
        expect(body.skipped).to.have.deep.members(skipped);
      }
      expect((await listed()).map(({ id }) => id)).to.include.members(ids);
      const records = fixture.stage.records.filter(({ event }) => event.type === 'command.replayed');
      expect(records.filter((each) => each.job !== job)).to.deep.equal([]);
      expect((await root.post('/v1/dead-letters/discard', { ids })).body).to.include({ discarded: 2 });
    });

    it('stay when they are of a life that their job has left since', async () => {
      const again = (await ann.post('/v1/generate', { prompt: 'p' })).body.id;
      await fixture.stage.show(again, [], { status: 'failed', state: { replay: 1 } });
      await fixture.bus.send([commandOf(again, '0'), commandOf(again, '1', 1)]);
      const listed = async () =>
        ((await root.get('/v1/dead-letters')).body.data as DeadLetterView[]).filter((letter) => letter.job === again);
      await eventually(async () => (await listed()).length === 2, { within: 15_000, what: 'both letters' });
      const [old, last] = (await listed()).sort((a, b) => a.replay_count - b.replay_count);
      const { body } = await root.post('/v1/dead-letters/replay', { ids: [old?.id, last?.id] });
      expect(body).to.deep.equal({
        matched: 2,
        replayed: 1,
        skipped: [{ id: old?.id, why: 'its job was replayed since' }],
      });
      expect((await root.post('/v1/dead-letters/discard', { ids: [old?.id] })).body).to.include({ discarded: 1 });
    });

    it('are not held longer than a minute by one request', async () => {
      const pointer = async (body: object) => {
        const answer = await root.post('/v1/dead-letters/replay', body);
        return [answer.status, answer.body.errors?.[0]?.pointer];
      };
      const filter = { queue: 'nowhere' };
      expect(await pointer({ filter, limit: 13, rate_per_s: 0.2 })).to.deep.equal([202, undefined]);
      expect(await pointer({ filter, limit: 14, rate_per_s: 0.2 })).to.deep.equal([422, '/limit']);
      expect(await pointer({ filter, rate_per_s: 0.2 })).to.deep.equal([202, undefined]);
      expect(await pointer({ filter, limit: 1000, rate_per_s: 0.2, dry_run: true })).to.deep.equal([202, undefined]);
      expect(await pointer({ ids: Array(8).fill('dl_x'), rate_per_s: 0.1 })).to.deep.equal([422, '/ids']);
      const { body } = await root.post('/v1/dead-letters/discard', { filter, limit: 100_000, rate_per_s: 0.1 });
      expect(body.detail).to.contain('ask for 7 at a time');
    });

    it('that somebody else has in hand are for later', async () => {
      const busy = () => Promise.reject(new DeadLettersBusyError());
      const deadLetters = { list: busy, get: busy, replay: busy, discard: busy };
      const { url } = await fixture.another({ around: (bus) => inMood(bus, { deadLetters }) });
      const answer = await client(url, ROOT).get('/v1/dead-letters');
      expect([answer.status, answer.body.code]).to.deep.equal([503, 'overloaded']);
      expect(answer.body.detail).to.contain('busy with the dead letters');
      expect(answer.headers.get('retry-after')).to.equal('5');
    });

    it('are thrown away, but not by accident', async () => {
      const careless = await root.post('/v1/dead-letters/discard', {});
      expect(careless.status).to.equal(422);
      const done = await root.post('/v1/dead-letters/discard', { filter: { type: 'answer.generate' } });
      expect([done.status, done.body.discarded]).to.deep.equal([202, 2]);
      expect((await root.get('/v1/dead-letters')).body.data).to.deep.equal([]);
    });

    it('that are not there are 404', async () => {
      for (const id of ['x', 'dl_019b2f4e-7c1a-7b35-a2c4-6f7e8d9c0b1a']) {
        const { status, body } = await root.get(`/v1/dead-letters/${id}`);
        expect([status, body.code]).to.deep.equal([404, 'dead_letter_not_found']);
      }
    });
  });
});

const commandOf = (job: string, part: string, replay = 0): Command => ({
  id: commandId(job, 'answer.generate', part, replay),
  job,
  type: 'answer.generate',
  part,
  body: { question: 'why?' },
  priority: 'normal',
  pool: 'default',
  attempt: 1,
  max_attempts: 3,
  replay,
});
