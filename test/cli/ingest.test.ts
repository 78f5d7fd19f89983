import { join } from 'node:path';
import { expect } from 'chai';
import { type GatewayDouble, problem } from './gateway-double.ts';
import { Harness } from './harness.ts';
import { terminalDouble } from './terminal-double.ts';

describe('warren ingest', () => {
  let harness: Harness;
  let gateway: GatewayDouble;
  const warren: Harness['warren'] = (...args) => harness.warren(...args);

  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
    gateway = harness.gateway;
  });
  afterEach(() => harness.stop());

  interface Sent {
    readonly id: string;
    readonly text: string;
    readonly mime_type: string;
    readonly metadata: { readonly sha256: string };
  }
  let sent: Sent[][];

  /** Documents whose text contains a word fare as it says. */
  function takingDocuments(known: readonly { id: string; status: string; metadata?: unknown }[] = []) {
    sent = [];
    gateway.on('GET', /documents$/, () => ({ body: { data: known, has_more: false, next_cursor: null } }));
    gateway.on('POST', /^\/v1\/collections\/(.+)\/documents$/, ({ body }) => {
      const documents = body.documents as Sent[];
      if (documents.some(({ text }) => text.includes('REFUSED')))
        return problem(415, 'unsupported_media_type', 'no text');
      sent.push(documents);
      const result = documents.map(({ id, text }) =>
        text.includes('BROKEN')
          ? { id, status: 'failed', passages: 0, error: 'cannot be read' }
          : { id, status: 'searchable', passages: 1 },
      );
      const failed = result.some(({ status }) => status === 'failed');
      const error = { code: 'partially_failed', message: 'some failed', retryable: false };
      const progress = ['job.progress', { done: 1, total: 2, stage: 'texts.embed' }] as const;
      const end = failed
        ? (['job.failed', { error, result: { documents: result } }] as const)
        : (['job.succeeded', { result: { documents: result } }] as const);
      return { status: 202, body: gateway.job([progress, end], { type: 'ingest' }) };
    });
  }

  it('walks folders, leaves out what is hidden, and gives ids that stay', async () => {
    takingDocuments();
    await harness.files({
      'docs/b.md': '# B',
      'docs/sub/a.html': '<p>a',
      'docs/c.TXT': 'c',
      'docs/.secret.md': 'x',
      'docs/node_modules/p/README.md': 'x',
      'docs/image.png': 'x',
    });
    const { code, out } = await warren(['ingest', join(harness.folder, 'docs'), '-c', 'handbook']);
    expect(code).to.equal(0);
    expect(sent.flat().map(({ id, mime_type }) => [id, mime_type])).to.deep.equal([
      ['docs/b.md', 'text/markdown'],
      ['docs/c.TXT', 'text/plain'],
      ['docs/sub/a.html', 'text/html'],
    ]);
    expect(out).to.equal('3 documents for "handbook": 3 searchable\n');
  });

  it('tells what failed and why, and goes on with the rest', async () => {
    takingDocuments();
    await harness.files({
      'docs/good.md': 'good',
      'docs/bad.md': 'BROKEN',
      'docs/binary.txt': Buffer.from([0, 1, 2]),
      'docs/empty.md': '  ',
      'docs/refused.md': 'REFUSED',
    });
    const { code, out, err } = await warren(['ingest', join(harness.folder, 'docs'), '-c', 'handbook']);
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
    takingDocuments();
    await harness.files({ 'docs/a.md': 'a', 'docs/b.md': 'b' });
    await warren(['ingest', join(harness.folder, 'docs'), '-c', 'handbook']);
    const known = sent
      .flat()
      .map(({ id, metadata }) => ({ id, status: id === 'docs/a.md' ? 'searchable' : 'failed', metadata }));
    takingDocuments(known);
    expect((await warren(['ingest', join(harness.folder, 'docs'), '-c', 'handbook'])).out).to.match(
      /1 searchable, 1 unchanged/,
    );
    expect(sent.flat().map(({ id }) => id)).to.deep.equal(['docs/b.md']);
    await warren(['ingest', join(harness.folder, 'docs'), '-c', 'handbook', '--force']);
    expect(sent.flat()).to.have.length(3);
  });

  it('sends many files as jobs of bounded size, and shows how far it is', async () => {
    takingDocuments();
    await harness.files(Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`docs/${n}.txt`, `text ${n}`])));
    const { out, terminal } = await warren(['ingest', join(harness.folder, 'docs'), '-c', 'handbook', '--json']);
    const summary = JSON.parse(out) as Record<string, unknown> & { documents: unknown[] };
    expect(summary).to.include({ collection: 'handbook', searchable: 150, failed: 0, interrupted: false });
    expect(summary.documents).to.have.length(150);
    expect(summary.jobs).to.have.length(3);
    expect(Math.max(...sent.map((documents) => documents.length))).to.equal(64);
    expect(terminal.progressed.at(-1)).to.deep.equal([150, 150]);
  });

  it('refuses what is not there, and two files of one name', async () => {
    await harness.files({ 'a/x.md': 'x', 'b/x.md': 'x', 'x.pdf': 'x' });
    expect((await warren(['ingest', join(harness.folder, 'none'), '-c', 'h'])).code).to.equal(2);
    expect((await warren(['ingest', join(harness.folder, 'x.pdf'), '-c', 'h'])).err).to.match(/cannot be sent/);
    const { code, err } = await warren([
      'ingest',
      join(harness.folder, 'a/x.md'),
      join(harness.folder, 'b/x.md'),
      '-c',
      'h',
    ]);
    expect(code).to.equal(2);
    expect(err).to.match(/same id "x\.md"/);
  });

  it('says what goes on in the server when it is stopped', async () => {
    gateway.on('GET', /documents$/, () => problem(404, 'collection_not_found', 'none'));
    gateway.on('POST', /documents$/, () => ({
      status: 202,
      body: gateway.job([['job.queued']], { type: 'ingest' }),
    }));
    await harness.files({ 'docs/a.md': 'a' });
    const terminal = terminalDouble();
    const ingesting = warren(['ingest', join(harness.folder, 'docs'), '-c', 'handbook'], terminal);
    while (gateway.subscriptions.length === 0) await new Promise((resolve) => setImmediate(resolve));
    terminal.stop.abort();
    expect((await ingesting).code).to.equal(130);
    expect(terminal.stderr()).to.match(/1 job goes on in the server: job_0001/);
  });
});
