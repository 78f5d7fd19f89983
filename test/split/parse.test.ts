import { expect } from 'chai';
import type { Block } from '../../services/rag-orchestrator/split/document.ts';
import { DocumentError } from '../../services/rag-orchestrator/split/document-error.ts';
import { parse } from '../../services/rag-orchestrator/split/parse.ts';

const shown = (text: string, blocks: readonly Block[]): string[] =>
  blocks.map((block) => {
    const kind = block.kind === 'heading' ? `h${block.depth} ${block.title}` : block.kind;
    return `${kind}: ${text.slice(block.start, block.end)}`;
  });

async function refusal(content: Uint8Array | string, mimeType: string): Promise<string> {
  const error: unknown = await parse(content, mimeType).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(DocumentError);
  return (error as DocumentError).message;
}

describe('reading bytes', () => {
  it('takes UTF-8 with and without a byte order mark', async () => {
    expect((await parse(Buffer.from('\uFEFFgrün'), 'text/plain')).text).to.equal('grün');
    expect((await parse(Buffer.from('grün'), 'text/plain')).text).to.equal('grün');
  });

  it('takes UTF-16 by its byte order mark', async () => {
    const page = Buffer.from('\uFEFF<p>grün</p>', 'utf16le');
    expect((await parse(page, 'text/html')).text).to.equal('grün');
    expect((await parse(Buffer.from('\uFEFFgrün', 'utf16le'), 'text/plain')).text).to.equal('grün');
  });

  it('takes the charset that is declared, and old Western files without any', async () => {
    const latin = Buffer.from('gr\xfcn', 'latin1');
    expect((await parse(latin, 'text/plain; charset=iso-8859-1')).text).to.equal('grün');
    expect((await parse(latin, 'text/plain')).text).to.equal('grün');
    const page = Buffer.from('<meta charset="koi8-r"><p>\xf0\xd2\xc9\xd7\xc5\xd4', 'latin1');
    expect((await parse(page, 'text/html')).text).to.equal('Привет');
  });

  it('takes text for text whatever it is declared to be', async () => {
    for (const type of ['constructor', '__proto__', 'x/y']) {
      expect((await parse(Buffer.from('plain'), type)).text, type).to.equal('plain');
    }
  });

  it('refuses what is no text', async () => {
    expect(await refusal(Buffer.from([0x25, 0x50, 0, 0x46]), 'text/plain')).to.match(/binary/);
    expect(await refusal(Buffer.from([0xff, 0x01, 0x02, 0x80, 0x03]), 'text/markdown')).to.match(/binary/);
  });

  it('names what is supported', async () => {
    expect(await refusal(Buffer.from([0, 1, 2, 3]), 'text/plain')).to.match(
      /send PDF, DOCX, HTML, Markdown or plain text/,
    );
  });

  it('replaces what a database cannot hold, in place', async () => {
    expect((await parse('a\0b\uD800c', 'text/plain')).text).to.equal('a\uFFFDb\uFFFDc');
  });

  it('prefers the title that was given, unless it is blank', async () => {
    expect((await parse('# Own', 'text/markdown', 'Given')).title).to.equal('Given');
    expect((await parse('# Own', 'text/markdown', ' ')).title).to.equal('Own');
  });
});

describe('reading plain text', () => {
  it('parts paragraphs at blank lines, however lines end', async () => {
    const { text, blocks } = await parse('a\nb\r\n \t\r\nc\r\rd', 'text/plain');
    expect(shown(text, blocks)).to.deep.equal(['paragraph: a\nb', 'paragraph: c', 'paragraph: d']);
  });
});

describe('reading Markdown', () => {
  const blocksOf = async (markdown: string): Promise<string[]> => {
    const { text, blocks } = await parse(markdown, 'text/markdown');
    expect(text).to.equal(markdown);
    return shown(text, blocks);
  };

  it('knows both kinds of headings and their titles as they are read', async () => {
    expect(
      await blocksOf('# The `<form>` *of* [links](http://x "t") ##\nTwo\nlines\n---\n\n<h3 align="x">In HTML</h3>'),
    ).to.deep.equal([
      'h1 The <form> of links: # The `<form>` *of* [links](http://x "t") ##',
      'h2 Two lines: Two\nlines\n---',
      'h3 In HTML: <h3 align="x">In HTML</h3>',
    ]);
  });

  it('sees no headings in code, lists, quotes and comments', async () => {
    const headings = (
      await blocksOf('```sh\n# no\n```\n- # no\n\n      # no\n\n> # no\n\n<!--\n# no\n-->\n\n    # no\n\n#no\n\n# yes')
    ).filter((block) => /^h\d/.test(block));
    expect(headings).to.deep.equal(['h1 yes: # yes']);
  });

  it('ends a list at a heading, without a blank line too', async () => {
    expect(await blocksOf('- a\n# B\nc')).to.deep.equal(['item: - a', 'h1 B: # B', 'paragraph: c']);
  });

  it('keeps fences whole, in lists and quotes as well', async () => {
    expect(await blocksOf('1. do\n\n   ```\n   a\n\n   # b\n   ```\n2. next\n\n> ~~~\n> c\n> ~~~\nd')).to.deep.equal([
      'item: 1. do',
      'code:    ```\n   a\n\n   # b\n   ```',
      'item: 2. next',
      'code: > ~~~\n> c\n> ~~~',
      'paragraph: d',
    ]);
  });

  it('leaves an open fence where its list ends', async () => {
    expect(await blocksOf('- a\n  ```\n  b\nc')).to.deep.equal(['item: - a', 'code:   ```\n  b', 'paragraph: c']);
  });

  it('finds indented code, but not in the middle of a paragraph', async () => {
    expect(await blocksOf('a\n    b\n\n    c\n\n    d\ne')).to.deep.equal([
      'paragraph: a\n    b',
      'code:     c\n\n    d',
      'paragraph: e',
    ]);
  });

  it('finds tables, and the paragraph before them', async () => {
    expect(await blocksOf('see\na | b\n--|--\n1 | 2\n\nend')).to.deep.equal([
      'paragraph: see\n',
      'table: a | b\n--|--\n1 | 2',
      'paragraph: end',
    ]);
  });

  it('takes the title from the front matter, else from the first big heading', async () => {
    expect((await parse('---\ntitle: "Front"\n---\n# Big', 'text/markdown')).title).to.equal('Front');
    expect((await parse('## Small\n# Big', 'text/markdown')).title).to.equal('Big');
    expect((await parse('---\n\nno front matter\n\n---', 'text/markdown')).title).to.equal('');
  });
});

describe('reading HTML', () => {
  const blocksOf = async (html: string): Promise<string[]> => {
    const { text, blocks } = await parse(html, 'text/html');
    return shown(text, blocks);
  };

  it('shows what a reader sees', async () => {
    const page = `<!doctype html><html><head><title>Tit&shy;le</title><style>p{}</style></head><body>
      <nav>menu</nav><script>run()</script><p hidden>x</p><p style="display: none">x</p><div aria-hidden="true">x</div>
      <p>One  <b>two</b>three, caf&eacute; &lt;x&gt;<br>next</p></body></html>`;
    expect((await parse(page, 'text/html')).text).to.equal('One twothree, café <x>\nnext');
  });

  it('parts blocks, numbers items, makes lines of rows and keeps pre', async () => {
    expect(
      await blocksOf(
        '<h1>A <i>b</i></h1>x<ul><li>u<ol><li>v<li>w</ol></ul><table><tr><th>h<th>i<tr><td><p>1</p><p>2</p><td>3</table><pre>\n a\n  b</pre>',
      ),
    ).to.deep.equal([
      'h1 A b: A b',
      'paragraph: x',
      'item: - u',
      'item: 1. v',
      'item: 2. w',
      'table: h | i\n1 2 | 3',
      'code:  a\n  b',
    ]);
  });

  it('reads tables that lay out a page as pages', async () => {
    expect(await blocksOf('<table><tr><td><h2>News</h2>text</table>')).to.deep.equal([
      'h2 News: News',
      'paragraph: text',
    ]);
  });

  it('takes the title of the page, else its first h1', async () => {
    expect((await parse('<title> A \n b </title><h1>c</h1>', 'text/html')).title).to.equal('A b');
    expect((await parse('<svg><title>no</title></svg><h1>c</h1>', 'text/html')).title).to.equal('c');
  });

  it('refuses bottomless nesting at once', async () => {
    expect(await refusal('<div>'.repeat(100_000), 'text/html')).to.match(/deep/);
  });
});
