import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readDocuments } from '../../infra/start/demo/documents.ts';
import { footnotes } from '../../infra/start/demo/footnotes.ts';
import { batches } from '../../infra/start/demo/index-documents.ts';
import { readOptions } from '../../infra/start/options.ts';
import { removeScratch, scratch } from './scratch.ts';

describe('the demonstration', () => {
  after(removeScratch);

  it('reads text, Markdown and HTML below the paths it is given, each once', () => {
    const root = scratch();
    mkdirSync(join(root, 'docs/.hidden'), { recursive: true });
    const files = {
      'docs/a.md': '# Title of a\n',
      'docs/b.txt': 'b',
      'docs/c.png': 'no',
      'docs/.hidden/d.md': 'no',
      'docs/empty.md': ' ',
      'e.html': '<p>e',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
    const documents = readDocuments([join(root, 'docs'), join(root, 'docs/a.md'), join(root, 'e.html')]);
    expect(documents.map(({ id, title, mime_type }) => [id, title, mime_type])).to.deep.equal([
      ['docs/a.md', 'Title of a', 'text/markdown'],
      ['docs/b.txt', 'b.txt', 'text/plain'],
      ['a.md', 'Title of a', 'text/markdown'],
      ['e.html', 'e.html', 'text/html'],
    ]);
  });

  it('cuts documents into requests by number and by size', () => {
    const document = (chars: number) => ({
      id: 'x',
      title: '',
      text: 'x'.repeat(chars),
      mime_type: '',
      source: '',
      metadata: { sha256: '' },
    });
    const sizes = (documents: ReturnType<typeof document>[]) => batches(documents).map((batch) => batch.length);
    expect(sizes([])).to.deep.equal([]);
    expect(sizes(Array.from({ length: 205 }, () => document(1)))).to.deep.equal([100, 100, 5]);
    expect(
      sizes([document(5_000_000), document(3_000_000), document(1_000_000), document(9_000_000), document(1)]),
    ).to.deep.equal([2, 1, 1, 1]);
  });

  it('shows the citations that the answer names, with title, heading and file', () => {
    const citation = (n: number) => ({
      n,
      document_id: `docs/${n}.md`,
      title: `T${n}`,
      heading: n === 1 ? 'H' : null,
      text: 'a\n b',
    });
    const citations = [citation(1), citation(2)];
    expect(footnotes('So it is [1].', citations)).to.equal('  [1] T1 › H (docs/1.md)\n      “a b”');
    expect(footnotes('No number.', citations).match(/\[\d\]/g)).to.deep.equal(['[1]', '[2]']);
  });
});

describe('options of npm start', () => {
  it('have defaults for all', () => {
    const options = readOptions([], {});
    expect(options).to.include({ port: 8000, host: '127.0.0.1', apiKey: undefined, amqpUrl: undefined });
    expect(options.dataDir).to.match(/\/\.data$/);
    expect(options.demo).to.deep.equal({ paths: [], question: undefined, collection: undefined });
  });

  it('come from arguments and environment', () => {
    const env = { PORT: '0', API_KEYS: 'ann:12345678,root:87654321:admin', DATA_DIR: '/tmp/x', AMQP_URL: '' };
    const options = readOptions(['--no-demo'], env);
    expect(options).to.include({
      port: 0,
      host: '0.0.0.0',
      apiKey: '12345678',
      dataDir: '/tmp/x',
      amqpUrl: undefined,
      demo: undefined,
    });
    expect(readOptions(['--question', 'Why?', '/tmp'], {}).demo).to.deep.include({ question: 'Why?', paths: ['/tmp'] });
  });

  it('that are wrong are named', () => {
    expect(() => readOptions(['--nodemo'], {})).to.throw('--nodemo');
    expect(() => readOptions(['/no/such/file'], {})).to.throw('/no/such/file');
    expect(() => readOptions([], { PORT: 'http' })).to.throw('PORT must be a number');
  });
});
