import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { CollectionDouble, sha256 } from './collection-double.ts';
import { type GatewayDouble, problem } from './gateway-double.ts';
import { Harness } from './harness.ts';
import { terminalDouble } from './terminal-double.ts';

describe('warren ingest', () => {
  let harness: Harness;
  let gateway: GatewayDouble;
  let collection: CollectionDouble;

  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
    gateway = harness.gateway;
    collection = new CollectionDouble(gateway);
  });
  afterEach(() => harness.stop());

  const folder = () => join(harness.folder, 'docs');
  const ingest = (args: readonly string[] = [], terminal = terminalDouble()) =>
    harness.warren(['ingest', folder(), '-c', 'handbook', ...args], terminal);

  it('walks folders, leaves out what is hidden, and gives ids that stay', async () => {
    await harness.files({
      'docs/b.md': '# B',
      'docs/sub/a.html': '<p>a',
      'docs/c.TXT': 'c',
      'docs/.secret.md': 'x',
      'docs/node_modules/p/README.md': 'x',
      'docs/image.png': 'x',
    });
    const { code, out } = await ingest();
    expect(code).to.equal(0);
    expect(collection.sent.flat().map(({ id, mime_type }) => [id, mime_type])).to.deep.equal([
      ['docs/b.md', 'text/markdown'],
      ['docs/c.TXT', 'text/plain'],
      ['docs/sub/a.html', 'text/html'],
    ]);
    expect(out).to.equal('3 documents for "handbook": 3 searchable\n');
  });

  it('sends PDF and DOCX as the bytes they are', async () => {
    const bytes = Buffer.from([0x25, 0x50, 0x44, 0x46, 0, 0xff]);
    await harness.files({ 'docs/a.pdf': bytes, 'docs/b.docx': bytes, 'docs/c.pdf': '' });
    const { err } = await ingest();
    expect(collection.sent.flat()).to.deep.equal(
      [
        ['docs/a.pdf', 'application/pdf'],
        ['docs/b.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
      ].map(([id, mime_type]) => ({
        id,
        content_base64: bytes.toString('base64'),
        mime_type,
        source: id,
        metadata: { sha256: sha256(bytes) },
      })),
    );
    expect(err).to.include('docs/c.pdf: it is empty');
  });

  it('tells what failed and why, and goes on with the rest', async () => {
    await harness.files({
      'docs/good.md': 'good',
      'docs/bad.md': 'BROKEN',
      'docs/binary.txt': Buffer.from([0, 1, 2]),
      'docs/empty.md': '  ',
      'docs/refused.md': 'REFUSED',
    });
    const { code, out, err } = await ingest();
    expect(code).to.equal(1);
    expect(out).to.equal('5 documents for "handbook": 1 searchable, 4 failed\n');
    for (const line of [
      'docs/bad.md: cannot be read',
      'docs/binary.txt: it is not UTF-8 text',
      'docs/empty.md: it is empty',
      'docs/refused.md: no text',
    ])
      expect(err).to.include(`failed ${line}`);
  });

  it('does not send again what is searchable unchanged, unless told to', async () => {
    await harness.files({ 'docs/a.md': 'a', 'docs/b.md': 'b', 'docs/c.md': 'c' });
    collection.keep('docs/a.md', 'a');
    collection.keep('docs/b.md', 'b', 'failed');
    collection.keep('docs/c.md', 'something else');
    expect((await ingest()).out).to.match(/2 searchable, 1 unchanged/);
    expect(collection.sentIds).to.deep.equal(['docs/b.md', 'docs/c.md']);
    expect((await ingest(['--force'])).out).to.match(/: 3 unchanged/);
    expect(collection.sentIds.slice(2)).to.deep.equal(['docs/a.md', 'docs/b.md', 'docs/c.md']);
  });

  it('waits for what a job under way brings instead of sending it a second time', async () => {
    await harness.files({ 'docs/a.md': 'a', 'docs/b.md': 'b', 'docs/c.md': 'c' });
    const coming = (id: string, content: string) => ({ id, metadata: { sha256: sha256(content) } });
    const documents = [coming('docs/a.md', 'a'), coming('docs/b.md', 'older'), coming('docs/other.md', 'x')];
    const job = gateway.job([['job.queued']], { type: 'ingest', status: 'running', input: { documents } });
    collection.unfinished.push(job);
    collection.keep('docs/b.md', 'b');
    const running = ingest();
    await eventually(() => collection.sent.length === 1 && gateway.subscriptions.length === 2, {
      within: 10_000,
      what: 'the rest to be sent, and the job to be followed',
    });
    expect(collection.sentIds, 'the other content would else win').to.deep.equal(['docs/b.md', 'docs/c.md']);
    gateway.tell(job.id, 'job.succeeded', {
      result: { documents: [{ id: 'docs/a.md', status: 'searchable', passages: 1 }] },
    });
    expect(await running).to.include({ code: 0, out: '3 documents for "handbook": 2 searchable, 1 unchanged\n' });
  });

  it('sends many files as jobs of bounded size, and shows how far it is', async () => {
    await harness.files(Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`docs/${n}.txt`, `text ${n}`])));
    const { out, terminal } = await ingest(['--json']);
    const summary = JSON.parse(out) as Record<string, unknown> & { documents: unknown[] };
    expect(summary).to.include({ collection: 'handbook', searchable: 150, failed: 0, interrupted: false });
    expect(summary.documents).to.have.length(150);
    expect(summary.jobs).to.have.length(3);
    expect(Math.max(...collection.sent.map((documents) => documents.length))).to.equal(64);
    expect(terminal.progressed.at(-1)).to.deep.equal([150, 150]);
  });

  it('sends the same job again when the gateway puts it off', async () => {
    await harness.files({ 'docs/a.md': 'a' });
    let refusals = 1;
    gateway.on('POST', /documents$/, () => {
      refusals -= 1;
      if (refusals === 0) return problem(503, 'broker_unavailable', 'later', { 'retry-after': '0' });
      return { status: 202, body: gateway.job([['job.succeeded', { result: {} }]]) };
    });
    expect((await ingest()).code).to.equal(0);
    const keys = gateway.calls
      .filter(({ method }) => method === 'POST')
      .map(({ headers }) => headers['idempotency-key']);
    expect(keys).to.have.lengthOf(2);
    expect(keys[0]).to.be.a('string').and.equal(keys[1]);
  });

  it('refuses what is not there, and two files of one name', async () => {
    await harness.files({ 'a/x.md': 'x', 'b/x.md': 'x', 'x.png': 'x' });
    const one = (...names: string[]) =>
      harness.warren(['ingest', ...names.map((name) => join(harness.folder, name)), '-c', 'h']);
    expect((await one('none')).code).to.equal(2);
    expect((await one('x.png')).err).to.match(/cannot be sent/);
    const { code, err } = await one('a/x.md', 'b/x.md');
    expect(code).to.equal(2);
    expect(err).to.match(/same id "x\.md"/);
  });

  it('says what goes on in the server when it is stopped', async () => {
    await harness.files({ 'docs/a.md': 'STUCK' });
    const terminal = terminalDouble();
    const ingesting = ingest([], terminal);
    await eventually(() => gateway.subscriptions.length > 0, { within: 10_000, what: 'the job to be followed' });
    terminal.stop.abort();
    expect((await ingesting).code).to.equal(130);
    expect(terminal.stderr()).to.match(/1 job goes on in the server: job_0001/);
  });

  describe('--prune', () => {
    beforeEach(async () => {
      await harness.files({ 'docs/a.md': 'a' });
      collection.keep('docs/a.md', 'a');
      collection.keep('docs/gone.md', 'gone');
      collection.keep('elsewhere/gone.md', 'in another folder');
      collection.keep('docs/by-api.md');
    });

    it('removes documents whose files are gone, and no others', async () => {
      const { code, out } = await ingest(['--prune', '--yes']);
      expect(code).to.equal(0);
      expect(collection.removed).to.deep.equal(['docs/gone.md']);
      expect(out).to.equal('2 documents for "handbook": 1 unchanged, 1 removed\n');
    });

    it('asks first, and does nothing at a no or without anybody there', async () => {
      const nobody = await ingest(['--prune']);
      expect(nobody.code).to.equal(2);
      expect(nobody.err).to.match(/gone docs\/gone\.md\n.*Say --yes/);
      const no = terminalDouble({ answers: false });
      expect((await ingest(['--prune'], no)).code).to.equal(2);
      expect(no.questions).to.deep.equal(['Remove 1 document whose files are gone?']);
      expect(collection.removed).to.deep.equal([]);
      expect((await ingest(['--prune'], terminalDouble({ answers: true }))).code).to.equal(0);
      expect(collection.removed).to.deep.equal(['docs/gone.md']);
    });

    it('--dry-run says what would be done and does nothing', async () => {
      await harness.files({ 'docs/new.md': 'n', 'docs/empty.md': '' });
      collection.keep('docs/a.md', 'older');
      const { code, out, err } = await ingest(['--prune', '--dry-run']);
      expect(code).to.equal(0);
      expect(out).to.equal('add docs/new.md\nreplace docs/a.md\nremove docs/gone.md\n');
      expect(err)
        .to.match(/docs\/empty\.md: it is empty/)
        .and.match(/Nothing was done/);
      expect(JSON.parse((await ingest(['--prune', '--dry-run', '--json'])).out)).to.deep.include({
        add: ['docs/new.md'],
        replace: ['docs/a.md'],
        remove: ['docs/gone.md'],
      });
      expect([collection.sent, collection.removed]).to.deep.equal([[], []]);
    });

    it('of a folder without any file removes nothing: it may be the wrong one', async () => {
      await harness.files({ 'docs/a.md': 'a' });
      await harness.remove('docs/a.md');
      const { code, err } = await ingest(['--prune', '--yes']);
      expect(code).to.equal(2);
      expect(err).to.match(/Nothing was removed/);
      expect(collection.removed).to.deep.equal([]);
    });
  });
});
