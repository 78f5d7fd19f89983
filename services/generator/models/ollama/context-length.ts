import { z } from 'zod';

/** `PARAMETER num_ctx 4096` of a Modelfile, as Ollama shows it. */
const NUM_CTX = /^num_ctx\s+(\d{1,9})\s*$/m;
/** `llama.context_length`, `qwen2.context_length`, …: named after the architecture. */
const CONTEXT_LENGTH = /\.context_length$/;

const Shown = z.object({
  parameters: z.string().optional().catch(undefined),
  model_info: z.record(z.string(), z.unknown()).optional().catch(undefined),
});

/** How many tokens a model reads: what its Modelfile sets, else what it was made for. */
export function contextInShow(body: unknown): number | undefined {
  const { parameters = '', model_info = {} } = Shown.safeParse(body).data ?? {};
  const set = Number(NUM_CTX.exec(parameters)?.[1]);
  if (set > 0) return set;
  const [, made] = Object.entries(model_info).find(([name]) => CONTEXT_LENGTH.test(name)) ?? [];
  return typeof made === 'number' && made > 0 ? made : undefined;
}
