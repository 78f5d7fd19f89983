import { expect } from 'chai';
import type { GatewayDouble } from './gateway-double.ts';
import { Harness } from './harness.ts';
import { terminalDouble } from './terminal-double.ts';

describe('warren dead-letters', () => {
  let harness: Harness;
  let gateway: GatewayDouble;
  const warren: Harness['warren'] = (...args) => harness.warren(...args);

  const letter = (n: number) => ({
    id: `dl_${n}`,
    job: 'job_1',
    type: 'answer.generate',
    queue: 'generator.default.normal',
    attempts: 3,
    error: { code: 'provider_error', message: `boom ${n}` },
    died_at: new Date().toISOString(),
  });
  let acted: Record<string, unknown>[];

  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
    gateway = harness.gateway;
    acted = [];
    gateway.on('GET', /^\/v1\/dead-letters$/, () => ({
      body: { data: [1, 2, 3].map(letter), has_more: false, next_cursor: null },
    }));
    gateway.on('GET', /^\/v1\/dead-letters\/dl_1$/, () => ({ body: { ...letter(1), body: { question: 'q' } } }));
    gateway.on('POST', /^\/v1\/dead-letters\/(replay|discard)$/, ({ body }, [deed]) => {
      if (body.dry_run === true) return { status: 202, body: { matched: 3 } };
      acted.push(body);
      const done = (body.ids as string[]).length;
      return {
        status: 202,
        body: { matched: done, [deed === 'replay' ? 'replayed' : 'discarded']: done, skipped: [] },
      };
    });
  });
  afterEach(() => harness.stop());

  it('lists and shows', async () => {
    expect((await warren(['dead-letters', 'list', '--error', 'provider_error', '--after', '2h'])).out).to.match(
      /dl_1 .*boom 1\n.*dl_2/,
    );
    expect(gateway.calls[0]?.query.get('error_code')).to.equal('provider_error');
    expect((await warren(['dead-letters', 'show', 'dl_1'])).out).to.match(/"question": "q"/);
    expect((await warren(['dead-letters', 'show', 'dl_9'])).code).to.equal(4);
  });

  it('does nothing unless somebody says yes', async () => {
    expect((await warren(['dead-letters', 'replay'])).code).to.equal(2);
    const { code, terminal } = await warren(['dead-letters', 'replay'], terminalDouble({ answers: false }));
    expect(code).to.equal(2);
    expect(terminal.questions).to.deep.equal(['Replay 3 dead letters?']);
    expect((await warren(['dead-letters', 'replay', '--dry-run'])).out).to.equal(
      'Would replay 3 dead letters. Nothing was done.\n',
    );
    expect(acted).to.deep.equal([]);
  });

  it('replays each letter once, however often it is listed', async () => {
    const { code, out, terminal } = await warren(['dead-letters', 'replay', '--yes']);
    expect(code).to.equal(0);
    expect(out).to.equal('replayed 3 of 3 dead letters.\n');
    expect(acted.flatMap(({ ids }) => ids)).to.deep.equal(['dl_1', 'dl_2', 'dl_3']);
    expect(terminal.progressed.at(-1)).to.deep.equal([3, 3]);
  });

  it('goes through all pages of the list', async () => {
    gateway.on('GET', /^\/v1\/dead-letters$/, ({ query }) => {
      const n = Number(query.get('after') ?? '0') + 1;
      return { body: { data: [letter(n)], has_more: n < 3, next_cursor: n < 3 ? String(n) : null } };
    });
    const { out } = await warren(['dead-letters', 'replay', '--yes']);
    expect(out).to.equal('replayed 3 of 3 dead letters.\n');
    expect(acted.flatMap(({ ids }) => ids)).to.deep.equal(['dl_1', 'dl_2', 'dl_3']);
    const listed = JSON.parse((await warren(['dead-letters', 'list', '--json', '--limit', '2'])).out);
    expect(listed.data.map(({ id }: { id: string }) => id)).to.deep.equal(['dl_1', 'dl_2']);
    expect(listed).to.include({ has_more: true, next_cursor: '2' });
  });

  it('keeps to a rate over requests as well', async () => {
    const before = Date.now();
    await warren(['dead-letters', 'replay', '--yes', '--rate', '0.39', '--limit', '2']);
    expect(acted).to.deep.equal([
      { ids: ['dl_1'], limit: 2, rate_per_s: 0.39 },
      { ids: ['dl_2'], limit: 1, rate_per_s: 0.39 },
    ]);
    expect(Date.now() - before).to.be.at.least(1000 / 0.39 - 50);
  });

  it('tells which letters stay, and why, before and after', async () => {
    const skipped = [{ id: 'dl_1', why: 'its job is gone' }];
    gateway.on('POST', /^\/v1\/dead-letters\/replay$/, ({ body }) => ({
      status: 202,
      body: { matched: 3, replayed: body.dry_run === true ? 0 : 2, skipped },
    }));
    const looked = await warren(['dead-letters', 'replay', '--dry-run']);
    expect([looked.out, looked.err]).to.deep.equal([
      'Would replay 2 dead letters. Nothing was done.\n',
      'skipped dl_1: its job is gone\n',
    ]);
    const { code, out, err } = await warren(['dead-letters', 'replay', '--yes']);
    expect(code).to.equal(1);
    expect(out).to.equal('replayed 2 of 3 dead letters.\n');
    expect(err).to.contain('skipped dl_1: its job is gone');
  });

  it('asks nothing when none of the letters can be replayed', async () => {
    gateway.on('POST', /^\/v1\/dead-letters\/replay$/, () => ({
      status: 202,
      body: { matched: 1, replayed: 0, skipped: [{ id: 'dl_1', why: 'its job is running, not failed' }] },
    }));
    const { code, out, err, terminal } = await warren(['dead-letters', 'replay'], terminalDouble({ answers: true }));
    expect([code, out, terminal.questions]).to.deep.equal([1, 'replayed 0 of 1 dead letter.\n', []]);
    expect(err).to.contain('its job is running');
  });

  it('discards only what it is told to', async () => {
    expect((await warren(['dead-letters', 'discard', '--yes'])).code).to.equal(2);
    expect((await warren(['dead-letters', 'discard', 'dl_1', '--yes', '--json'])).out).to.match(/"discarded":1/);
    expect(acted).to.deep.equal([{ ids: ['dl_1'] }]);
  });
});
