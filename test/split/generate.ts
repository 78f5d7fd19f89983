import fc from 'fast-check';

/** Words of many scripts, and what breaks careless cutting: marks, joiners, flags, directions, controls. */
const WORDS = [
  'a',
  'passage',
  'Donaudampfschifffahrtsgesellschaft',
  'naïve',
  'e\u0301te\u0301',
  'İstanbul',
  'x_y-z',
  '3.14159',
  'deadbeefcafe0123',
  'Привет',
  'мир',
  'Γειά',
  'שלום',
  'עולם',
  'مرحبا',
  'بالعالم',
  'नमस्ते',
  'क्ष्',
  'สวัสดีชาวโลก',
  'ภาษาไทยไม่มีช่องว่าง',
  'မြန်မာ',
  '你好世界',
  '東京都',
  'こんにちは',
  'ガギグ',
  '안녕하세요',
  '각',
  '각\u1100\u1161\u11a8',
  '𝒳𝒴𝒵',
  '😀',
  '👨‍👩‍👧‍👦',
  '🇩🇪🇫🇷🇯🇵',
  '👍🏽',
  '❤️',
  '\u0301',
  '\u200d',
  '\ufe0f',
  '\u0600',
  '\u202etxet\u202c',
  '\u00ad',
  '\u200b',
  '&amp;',
  '<b>',
  '|',
  '`',
  '*',
  '_',
  '[n]',
  '#',
  '>',
  '\u0001',
];
const GAPS = [' ', ' ', ' ', ' ', '. ', '! ', '? ', '。', ', ', '', '\u00a0', '\u3000', '\n', '\r\n', '\t'];

const word = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...WORDS) },
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const runOf = (most: number) =>
  fc.array(fc.tuple(word, fc.constantFrom(...GAPS)), { maxLength: most }).map((pairs) => pairs.flat().join(''));

export const line = runOf(8).map((text) => text.replace(/[\r\n]/g, ' '));
export const prose = fc.oneof(
  { weight: 6, arbitrary: runOf(60) },
  runOf(400),
  fc.tuple(word, fc.integer({ min: 1, max: 3000 })).map(([unit, times]) => unit.repeat(times).slice(0, 6000)),
);

const fence = fc
  .tuple(fc.constantFrom('```', '~~~~', '```ts'), runOf(40))
  .map(([mark, code]) => `${mark}\n${code}\n${mark.slice(0, 4).replace(/[a-z]/g, '')}`);
const table = fc
  .array(fc.tuple(line, line), { minLength: 1, maxLength: 30 })
  .map((rows) => ['| a | b |', '|---|---|', ...rows.map(([a, b]) => `| ${a} | ${b} |`)].join('\n'));
const items = fc
  .array(line, { minLength: 1, maxLength: 12 })
  .map((texts) => texts.map((text, index) => `${'  '.repeat(index % 3)}- ${text}`).join('\n'));
const heading = fc.tuple(fc.integer({ min: 1, max: 6 }), line).map(([depth, text]) => `${'#'.repeat(depth)} ${text}`);
const setext = fc.tuple(line, fc.constantFrom('===', '---')).map((parts) => parts.join('\n'));
const quote = line.map((text) => `> ${text}`);

export const markdown = fc
  .array(
    fc.tuple(
      fc.oneof({ weight: 3, arbitrary: prose }, { weight: 3, arbitrary: heading }, setext, fence, table, items, quote),
      fc.constantFrom('\n\n', '\n', '\r\n\r\n'),
    ),
    { maxLength: 14 },
  )
  .map((blocks) => blocks.flat().join(''));

const element = fc.tuple(
  fc.constantFrom(
    'p',
    'div',
    'h1',
    'h2',
    'h4',
    'li',
    'pre',
    'td',
    'span',
    'b',
    'section',
    'table',
    'tr',
    'ul',
    'nav',
    'script',
  ),
  fc.oneof(line, prose),
  fc.boolean(),
);
export const html = fc
  .array(element, { maxLength: 20 })
  .map((parts) => parts.map(([tag, text, closed]) => `<${tag}>${text}${closed ? `</${tag}>` : ''}`).join('\n'));
