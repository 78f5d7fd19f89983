import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { loadTokenizer, MAX_TOKENS, type TextTokenizer } from '../../services/embedder/models/local/tokenizer.ts';
import { parse } from '../../services/rag-orchestrator/split/parse.ts';
import { embeddingText, split } from '../../services/rag-orchestrator/split/split.ts';
import { countTokens } from '../../services/rag-orchestrator/split/tokens.ts';
import { markdown, prose } from './generate.ts';

const SAMPLES: Readonly<Record<string, string>> = {
  Finnish:
    'Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki ja omatunto. ',
  Polish:
    'Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są obdarzeni rozumem i sumieniem. ',
  German:
    'Die Geschwindigkeitsbegrenzung auf Autobahnen wird regelmäßig diskutiert; Umweltschützer fordern ein Tempolimit. ',
  Vietnamese: 'Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. ',
  Russian: 'Все люди рождаются свободными и равными в своем достоинстве и правах. ',
  Greek: 'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. ',
  Arabic: 'يولد جميع الناس أحراراً متساوين في الكرامة والحقوق. ',
  Hindi: 'सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। ',
  Chinese: '人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心。',
  Japanese: 'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。',
  Korean: '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. ',
  Thai: 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ',
  hashes: 'deadbeef0123456789abcdef4f3c2b1a 9b74c9897bac770ffc029102a200c5de ',
  base64: 'TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsuIEFuZCBtYW55IG1vcmUgaGFuZHM= ',
  numbers: '1024 65536 3.14159 2026-01-31 12:00:00 192.168.178.201 ',
  code: 'const x = (a ?? b)?.[c]?.map(({ d, ...e }) => d + JSON.stringify(e)) || []; ',
};

/** Words of these its vocabulary cannot write. */
const UNKNOWN_TO_BERT: ReadonlySet<string> = new Set(['Thai', 'Korean', 'Hindi']);

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(md|ts)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('the size of passages, in real word pieces', function () {
  this.timeout(60_000);
  let tokenizer: TextTokenizer;
  before(async () => {
    tokenizer = await loadTokenizer();
  });

  it('are counted as the tokenizer of the model counts them, and never too few', async () => {
    const own = (text: string) => tokenizer.count(text) - 2; // without [CLS] and [SEP]
    for (const [name, sample] of Object.entries(SAMPLES)) {
      expect(countTokens(sample), name).to.be.at.least(own(sample));
      if (!UNKNOWN_TO_BERT.has(name)) expect(countTokens(sample), name).to.equal(own(sample));
    }
    const page = await readFile('docs/ARCHITECTURE.md', 'utf8');
    expect(countTokens(page)).to.be.within(own(page), own(page) * 1.01);
    fc.assert(fc.property(prose, (generated) => countTokens(generated) >= own(generated)));
  });

  async function longest(content: string | Uint8Array, mimeType: string): Promise<number> {
    const { text, ...document } = await parse(content, mimeType);
    const passages = split({ text, ...document });
    for (const { start, end, text: own } of passages) expect(text.slice(start, end)).to.equal(own);
    return Math.max(0, ...passages.map(({ heading, text }) => tokenizer.count(embeddingText(heading, text))));
  }

  for (const [name, sample] of Object.entries(SAMPLES))
    it(`never exceeds what the model reads: ${name}`, async () => {
      expect(await longest(sample.repeat(30), 'text/plain')).to.be.within(1, MAX_TOKENS);
    });

  it('never exceeds what the model reads: this project', async () => {
    const files = [...(await filesBelow('docs')), ...(await filesBelow('services')), 'README.md', 'CONTRIBUTING.md'];
    for (const file of files) {
      const content = await readFile(file, 'utf8');
      expect(await longest(content, file.endsWith('.md') ? 'text/markdown' : 'text/plain'), file).to.be.at.most(
        MAX_TOKENS,
      );
    }
  });

  for (const file of ['two-columns.pdf', 'handbook.pdf', 'painted-by-rows.pdf', 'handbook.docx', 'notes.docx'])
    it(`never exceeds what the model reads: ${file}`, async () => {
      expect(await longest(await readFile(join('test/documents/files', file)), '')).to.be.within(1, MAX_TOKENS);
    });

  it('never exceeds what the model reads: generated Markdown', () =>
    fc.assert(
      fc.asyncProperty(markdown, async (content) => {
        expect(await longest(content, 'text/markdown')).to.be.at.most(MAX_TOKENS);
      }),
      { numRuns: 100 },
    ));
});
