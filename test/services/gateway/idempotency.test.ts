import { expect } from 'chai';
import { EMBED, GENERATE } from './fixture.ts';
import { suiteFixture } from './suite-fixture.ts';

describe('gateway: jobs', () => {
  const fixture = suiteFixture();
  const { ann, bob } = fixture;

  describe('under an Idempotency-Key', () => {
    it('are the same job however often they are sent, also at once', async () => {
      const key = { 'idempotency-key': 'race' };
      const answers = await Promise.all(Array.from({ length: 8 }, () => ann.post('/v1/jobs', EMBED, key)));
      expect(answers.map(({ status }) => status)).to.deep.equal(Array(8).fill(202));
      expect(new Set(answers.map(({ body }) => body.id)).size).to.equal(1);
      expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).to.have.length(1);
      const later = await ann.post('/v1/jobs', { input: EMBED.input, type: 'embed' }, key);
      expect(later.headers.get('idempotent-replayed')).to.equal('true');
      expect(later.body).to.deep.include({ id: answers[0]?.body.id, last_seq: 1 });
    });

    it('belong to the key of their owner', async () => {
      const key = { 'idempotency-key': 'shared' };
      const [first, second] = [await ann.post('/v1/jobs', EMBED, key), await bob.post('/v1/jobs', GENERATE, key)];
      expect([first.status, second.status]).to.deep.equal([202, 202]);
      expect(first.body.id).not.to.equal(second.body.id);
    });

    it('are refused with another body', async () => {
      const key = { 'idempotency-key': 'reused' };
      await ann.post('/v1/jobs', EMBED, key);
      const { status, body } = await ann.post('/v1/jobs', GENERATE, key);
      expect([status, body.code]).to.deep.equal([422, 'idempotency_key_reused']);
    });

    it('are sent again under the same id while their first turn has not been', async () => {
      let release = () => {};
      fixture.stage.held = new Promise((resolve) => {
        release = resolve;
      });
      const key = { 'idempotency-key': 'died-in-between' };
      const first = await ann.post('/v1/jobs', EMBED, key);
      const second = await ann.post('/v1/jobs', EMBED, key);
      release();
      fixture.stage.held = undefined;
      expect(second.body).to.deep.equal(first.body);
      expect(second.headers.get('idempotent-replayed')).to.equal('true');
      await fixture.stage.job(first.body.id);
      const sent = () => fixture.stage.records.filter(({ job }) => job === first.body.id);
      while (sent().length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(sent()[0]).to.deep.equal(sent()[1]);
    });

    it('may be documents', async () => {
      const key = { 'idempotency-key': 'documents' };
      const wish = { documents: [{ text: 'one' }] };
      const [first, second] = [
        await ann.post('/v1/collections/c/documents', wish, key),
        await ann.post('/v1/collections/c/documents', wish, key),
      ];
      expect(second.body.id).to.equal(first.body.id);
      expect(second.body.input).to.deep.equal(first.body.input);
      const other = await ann.post('/v1/collections/c/documents', { documents: [{ text: 'two' }] }, key);
      expect(other.body.code).to.equal('idempotency_key_reused');
    });

    it('do not hold the key when they are refused after all', async () => {
      const key = { 'idempotency-key': 'refused' };
      const heavy = { documents: [{ text: 'x', metadata: { a: 'x'.repeat(800_000) } }] };
      expect((await ann.post('/v1/collections/c/documents', heavy, key)).status).to.equal(413);
      expect((await ann.post('/v1/jobs', EMBED, key)).status).to.equal(202);
    });

    it('need a key that can be one', async () => {
      const { status, body } = await ann.post('/v1/jobs', EMBED, { 'idempotency-key': 'x'.repeat(256) });
      expect([status, body.code]).to.deep.equal([400, 'idempotency_key_invalid']);
    });
  });
});
