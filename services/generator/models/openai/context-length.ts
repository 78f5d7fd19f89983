import { z } from 'zod';

const Tokens = z.int().positive();

/** What servers say of a model beside its name: vLLM, OpenRouter and others, llama.cpp. */
const Models = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      max_model_len: Tokens.optional().catch(undefined),
      context_length: Tokens.optional().catch(undefined),
      context_window: Tokens.optional().catch(undefined),
      meta: z.object({ n_ctx: Tokens }).optional().catch(undefined),
    }),
  ),
});

/** llama.cpp: the context it was started with. */
const Props = z.object({ default_generation_settings: z.object({ n_ctx: Tokens }) });

/** Text Generation Inference. */
const Info = z.object({ max_total_tokens: Tokens });

/** How many tokens a model reads, out of `/v1/models`; a server with one model means that, whatever it is called. */
export function contextInModels(body: unknown, model: string): number | undefined {
  const { data } = Models.safeParse(body);
  const listed = data?.data ?? [];
  const found = listed.find(({ id }) => id === model) ?? (listed.length === 1 ? listed[0] : undefined);
  return found?.max_model_len ?? found?.context_length ?? found?.context_window ?? found?.meta?.n_ctx;
}

/** As `contextInModels`, out of TGI's `/info`. */
export const contextInInfo = (body: unknown): number | undefined => Info.safeParse(body).data?.max_total_tokens;

/** As `contextInModels`, out of llama.cpp's `/props`. */
export const contextInProps = (body: unknown): number | undefined =>
  Props.safeParse(body).data?.default_generation_settings.n_ctx;
