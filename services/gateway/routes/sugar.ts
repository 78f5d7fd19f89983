import { AskInput, EmbedInput, GenerateInput } from '../../../shared/messages/inputs.ts';
import { draftOf } from '../accept/draft.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import type { Gateway } from '../gateway.ts';
import { principalOf } from '../middleware/authenticate.ts';
import { SUBMIT_ANSWERS, SUBMIT_HEADERS, SUBMIT_PROBLEMS, submit } from './submit.ts';

const common = {
  method: 'post',
  access: 'key',
  tag: 'Short ways',
  headers: SUBMIT_HEADERS,
  answers: SUBMIT_ANSWERS,
  problems: SUBMIT_PROBLEMS,
} as const;

/** The input alone makes a job of its type, with everything else by default. */
export const sugarRoutes = (gateway: Gateway): Endpoint[] => [
  endpoint({
    ...common,
    path: '/v1/ask',
    summary: 'Ask a question of a collection',
    body: AskInput,
    handle: (ctx, { body }) => submit(gateway, ctx, draftOf(principalOf(ctx).owner, { type: 'ask', input: body })),
  }),
  endpoint({
    ...common,
    path: '/v1/generate',
    summary: 'Write a text',
    body: GenerateInput,
    handle: (ctx, { body }) => submit(gateway, ctx, draftOf(principalOf(ctx).owner, { type: 'generate', input: body })),
  }),
  endpoint({
    ...common,
    path: '/v1/embed',
    summary: 'Turn texts into vectors',
    body: EmbedInput,
    handle: (ctx, { body }) => submit(gateway, ctx, draftOf(principalOf(ctx).owner, { type: 'embed', input: body })),
  }),
];
