import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { bertVocabulary } from '../../../../shared/bert-vocabulary.ts';
import type { ModelFolder } from './model-folder.ts';

/** What the model was trained to read of a text, in word pieces, [CLS] and [SEP] included. */
export const MAX_TOKENS = 256;
/** Longer words are unknown to the model as a whole. */
const MAX_CHARS_PER_WORD = 100;
/** Of nearly every text as much as this a token has more pieces than are read; the rest is not even split then. */
const USUALLY_ENOUGH_CHARS = 10;
/** Pieces are hardly ever longer on average, whatever the text. */
const ALWAYS_ENOUGH_CHARS = 64;

const CLS = '[CLS]';
const SEP = '[SEP]';

const readVocabulary = (): Record<string, number> =>
  Object.fromEntries(bertVocabulary().map((piece, id) => [piece, id]));

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
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: MAX_CHARS_PER_WORD,
      vocab,
    },
  };
}

export interface TextTokenizer {
  /** Token ids of what the model reads of a text; a longer one is cut, and ends like any other. */
  encode(text: string): readonly number[];
  /** How many word pieces the whole text has, truncated or not, [CLS] and [SEP] included. */
  count(text: string): number;
}

/** The `tokenizer.json` of the model that is brought along. @throws {Error} when its vocabulary is missing */
export const ownDefinition = async (): Promise<object> => definition(readVocabulary());

/** A text must not be able to write special tokens, so those of the definition are no words of it. */
function withoutSpecial(tokenizer: object): object {
  const { added_tokens } = z
    .looseObject({ added_tokens: z.array(z.looseObject({ special: z.boolean().default(false) })).default([]) })
    .parse(tokenizer);
  return { ...tokenizer, added_tokens: added_tokens.filter(({ special }) => !special) };
}

/** What the model wants at the end of every text, if anything. */
function endOf(tokenizer: Tokenizer): readonly number[] {
  const end = tokenizer.encode('').ids.at(-1);
  return end !== undefined && tokenizer.encode('a').ids.at(-1) === end ? [end] : [];
}

/** Loads the tokenizer of a model's folder, or of the model that is brought along (some 100 ms). */
export async function loadTokenizer(folder?: Pick<ModelFolder, 'tokenizer' | 'maxTokens'>): Promise<TextTokenizer> {
  const definition = withoutSpecial(folder?.tokenizer.definition ?? (await ownDefinition()));
  const tokenizer = new Tokenizer(definition, folder?.tokenizer.config ?? {});
  const most = folder?.maxTokens ?? MAX_TOKENS;
  const end = endOf(tokenizer);
  return {
    encode: (text) => {
      const usual = most * USUALLY_ENOUGH_CHARS;
      let { ids } = tokenizer.encode(text.slice(0, usual));
      // The last word may have been cut, so its pieces do not count as read.
      const enough = text.length <= usual || ids.length > most + MAX_CHARS_PER_WORD;
      if (!enough) ({ ids } = tokenizer.encode(text.slice(0, most * ALWAYS_ENOUGH_CHARS)));
      return ids.length <= most ? ids : [...ids.slice(0, most - end.length), ...end];
    },
    count: (text) => tokenizer.encode(text).ids.length,
  };
}
