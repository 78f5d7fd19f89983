import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Pooling } from './pooling.ts';

/** Where a model's graph lies, in the order in which it is looked for: as exported, and as published at Hugging Face. */
const GRAPHS = ['model.onnx', 'onnx/model.onnx'];
const TOKENIZER = 'tokenizer.json';
const TOKENIZER_CONFIG = 'tokenizer_config.json';
const POOLING = '1_Pooling/config.json';
const DEFAULT_MAX_TOKENS = 512;
/** What tokenizers write when they know no bound. */
const NO_BOUND = 1_000_000;

const PoolingConfig = z.looseObject({
  pooling_mode_cls_token: z.boolean().optional(),
  pooling_mode_mean_tokens: z.boolean().optional(),
  pooling_mode_max_tokens: z.boolean().optional(),
  pooling_mode_lasttoken: z.boolean().optional(),
});
const Bounds = z.looseObject({
  max_seq_length: z.int().positive().nullish(),
  model_max_length: z.number().positive().nullish(),
  max_position_embeddings: z.int().positive().nullish(),
});

/** A sentence model as its makers publish it. */
export interface ModelFolder {
  readonly graph: string;
  readonly tokenizer: { readonly definition: object; readonly config: object };
  readonly pooling: Pooling;
  readonly maxTokens: number;
}

const graphIn = (folder: string): string | undefined =>
  GRAPHS.map((name) => join(folder, name)).find((path) => existsSync(path));

/** What a folder lacks to be a model's, in words; empty when nothing. */
export function missingIn(folder: string): string[] {
  const graph = graphIn(folder) === undefined ? [GRAPHS.join(' or ')] : [];
  return existsSync(join(folder, TOKENIZER)) ? graph : [...graph, TOKENIZER];
}

async function readJson(folder: string, name: string): Promise<unknown> {
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new Error(`${path} cannot be read`, { cause });
  }
}

function poolingOf(config: unknown): Pooling {
  const modes = PoolingConfig.parse(config ?? {});
  if (modes.pooling_mode_cls_token === true) return 'cls';
  if (modes.pooling_mode_lasttoken === true) return 'last';
  return modes.pooling_mode_max_tokens === true ? 'max' : 'mean';
}

/** The least bound that any of the files names, in the order in which they speak of sentences. */
function maxTokensOf(...files: readonly unknown[]): number {
  for (const file of files) {
    const { max_seq_length, model_max_length, max_position_embeddings } = Bounds.parse(file ?? {});
    const bound = max_seq_length ?? model_max_length ?? max_position_embeddings;
    if (bound !== undefined && bound !== null && bound < NO_BOUND) return Math.floor(bound);
  }
  return DEFAULT_MAX_TOKENS;
}

/** Reads all but the graph itself. @throws {Error} naming the file that is missing or makes no sense */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  const graph = graphIn(folder);
  const definition = await readJson(folder, TOKENIZER);
  if (graph === undefined || definition === undefined)
    throw new Error(`${folder} lacks ${missingIn(folder).join(' and ')}`);
  const config = await readJson(folder, TOKENIZER_CONFIG);
  const [sentences, model, pooling] = await Promise.all([
    readJson(folder, 'sentence_bert_config.json'),
    readJson(folder, 'config.json'),
    readJson(folder, POOLING),
  ]);
  return {
    graph,
    tokenizer: { definition: z.looseObject({}).parse(definition), config: z.looseObject({}).parse(config ?? {}) },
    pooling: poolingOf(pooling),
    maxTokens: maxTokensOf(sentences, config, model),
  };
}
