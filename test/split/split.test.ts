import { expect } from 'chai';
import { parse } from '../../services/rag-orchestrator/split/parse.ts';
import { embeddingText, type SplitOptions, split } from '../../services/rag-orchestrator/split/split.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';

const SENTENCE = 'Every accepted job ends exactly once, whatever process dies in the meantime. ';
const PARAGRAPH = SENTENCE.repeat(5).trim();

const passages = async (markdown: string, options?: SplitOptions) =>
  split(await parse(markdown, 'text/markdown'), options);
const headings = async (markdown: string) => (await passages(markdown)).map(({ heading }) => heading);

describe('passages', () => {
  it('carry the path of their headings, and not the headings in their text', async () => {
    const made = await passages(
      `# Guide\n\n${PARAGRAPH}\n\n## Install\n\n${PARAGRAPH}\n\n### Debian\n\n${PARAGRAPH}\n\n## Use\n\n${PARAGRAPH}`,
    );
    expect(made.map(({ heading }) => heading)).to.deep.equal([
      'Guide',
      'Guide › Install',
      'Guide › Install › Debian',
      'Guide › Use',
    ]);
    for (const { text } of made) expect(text).to.equal(PARAGRAPH);
  });

  it('are embedded under their headings', () => {
    expect(embeddingText('Guide › Use', 'text')).to.equal('Guide › Use\ntext');
    expect(embeddingText('', 'text')).to.equal('text');
  });

  it('of one section are packed together, and even', async () => {
    const made = await passages(`${SENTENCE}\n\n`.repeat(20));
    const tokens = made.map((passage) => passage.tokens);
    expect(made.length).to.be.within(2, 3);
    expect(Math.max(...tokens) - Math.min(...tokens)).to.be.at.most(40);
  });

  it('of a long paragraph end where sentences end, also when lines are wrapped by hand', async () => {
    const wrapped = SENTENCE.repeat(40).replace(/(.{60,70}) /g, '$1\n');
    for (const { text } of await passages(wrapped)) expect(text).to.match(/^Every.*meantime\.$/s);
  });

  it('hold code blocks and tables whole where they fit', async () => {
    const code = `\`\`\`js\n${'call(one, two);\n'.repeat(12)}\`\`\``;
    const table = `| a | b |\n|---|---|\n${'| one | two |\n'.repeat(10).trim()}`;
    const made = await passages(`${PARAGRAPH}\n\n${code}\n\n${PARAGRAPH}\n\n${table}`);
    expect(made.filter(({ text }) => text.includes(code)).length).to.equal(1);
    expect(made.filter(({ text }) => text.includes(table)).length).to.equal(1);
  });

  it('cut code that does not fit between lines, and keep its indentation', async () => {
    const made = await passages(`\`\`\`\n${'    if (ready) start(everything);\n'.repeat(60)}\`\`\``);
    expect(made.length).to.be.greaterThan(2);
    for (const { text } of made.slice(1, -1)) expect(text).to.match(/^ {4}if.*;$/s);
  });

  it('take fragments in, under the heading that both share', async () => {
    const made = await passages(`# Words\n\n## Job\n\nA wish.\n\n## Lane\n\nA queue.\n\n## Turn\n\nA step.`);
    expect(made.map(({ heading, text }) => [heading, text])).to.deep.equal([
      ['Words', '## Job\n\nA wish.\n\n## Lane\n\nA queue.\n\n## Turn\n\nA step.'],
    ]);
  });

  it('take in all of another section or nothing of it', async () => {
    const made = await passages(`# Top\n\nShort.\n\n## A\n\n${`${PARAGRAPH}\n\n`.repeat(4)}`);
    expect(made.map(({ heading }) => heading)).to.deep.equal(['Top', 'Top › A', 'Top › A']);
  });

  it('never reach over headings at the top', async () => {
    expect(await headings('# A\n\nshort\n\n# B\n\nshort')).to.deep.equal(['A', 'B']);
  });

  it('leave the tail of a long section alone when the next section begins', async () => {
    const made = await passages(
      `# Top\n\n## A\n\n${PARAGRAPH}\n\n${PARAGRAPH}\n\nTail.\n\n## B\n\n${PARAGRAPH}\n\n${PARAGRAPH}`,
    );
    for (const { heading } of made) expect(heading).to.be.oneOf(['Top › A', 'Top › B']);
  });

  it('show bare and overlong headings as text', async () => {
    const long = 'word; '.repeat(45).trim();
    const [first, second] = await passages(`# Empty\n\n# ${long}\n\n${PARAGRAPH}`);
    expect(first).to.include({ heading: 'Empty', text: '# Empty' });
    expect(second?.heading).to.equal('');
    expect(second?.text).to.match(/^# word/);
  });

  it('repeat the last sentences of the one before when asked to', async () => {
    const numbered = Array.from({ length: 60 }, (_, n) => `This is sentence number ${n}.`).join(' ');
    const made = await passages(numbered, { overlap: 30 });
    made.slice(1).forEach(({ text }, index) => {
      expect(
        made[index]?.text.endsWith(text.slice(0, text.indexOf('.') + 1)) ||
          made[index]?.text.includes(text.slice(0, 30)),
      ).to.equal(true);
      expect(text).to.match(/^This is/);
    });
  });

  it('are none of an empty document', async () => {
    expect(await passages('')).to.deep.equal([]);
    expect(await passages(' \n\t\u3000\n')).to.deep.equal([]);
  });
});

describe('the time it takes', function () {
  this.timeout(120_000);
  const CHARS = 400_000;
  /** Far above what is needed, far below what anything quadratic would take. */
  const MAX_CPU_MS = 10_000;
  const filled = (unit: string): string => unit.repeat(Math.ceil(CHARS / unit.length)).slice(0, CHARS);
  const HARD: readonly (readonly [name: string, mimeType: string, content: string])[] = [
    ['one line of prose', 'text/plain', filled(SENTENCE)],
    ['one line without sentences', 'text/plain', filled('word and more ')],
    ['one word', 'text/plain', filled('a')],
    ['Thai without a space', 'text/plain', filled('มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาค').slice(0, CHARS / 4)],
    ['one grapheme', 'text/plain', filled('\u0301').slice(0, CHARS / 4)],
    ['carriage returns', 'text/plain', filled('a\r').slice(0, CHARS / 2)],
    ['lines of a paragraph', 'text/markdown', filled('aaa bbb\n')],
    ['items of a list', 'text/markdown', filled('- item\n')],
    ['stars', 'text/markdown', filled('*a ')],
    ['brackets', 'text/markdown', filled('[')],
    ['quote marks', 'text/markdown', filled('> ')],
    ['formatting never closed', 'text/html', filled('<b>a<p>').slice(0, CHARS / 10)],
    ['one list', 'text/html', `<ol>${filled('<li>a')}`],
  ];
  for (const [name, mimeType, content] of HARD)
    it(`is linear: ${name}`, async () => {
      const before = process.cpuUsage();
      split(await parse(content, mimeType), { overlap: 30 });
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1000).to.be.below(MAX_CPU_MS);
    }).retries(MEASURED_AGAIN);
});
