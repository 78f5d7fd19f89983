import type { Asked } from './asked.ts';
import * as ollamaRoutes from './dialects/ollama.ts';
import { ollama } from './dialects/ollama-error.ts';
import * as ollamaModels from './dialects/ollama-models.ts';
import * as openaiRoutes from './dialects/openai.ts';
import { openai } from './dialects/openai-error.ts';
import * as teiRoutes from './dialects/tei.ts';
import { tei } from './dialects/tei-error.ts';
import { type Dialect, Refusal } from './refusal.ts';

/** What the server answers to. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly dialect: Dialect;
  readonly answer: (asked: Asked) => Promise<void>;
  /** Whether the body must name a model; the others have one anyway. */
  readonly needsModel?: true;
}

async function running({ call }: Asked): Promise<void> {
  call.response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('Ollama is running');
}

export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/api/chat', dialect: ollama, answer: ollamaRoutes.chat, needsModel: true },
  { method: 'POST', path: '/api/generate', dialect: ollama, answer: ollamaRoutes.generateText, needsModel: true },
  { method: 'POST', path: '/api/embed', dialect: ollama, answer: ollamaRoutes.embed, needsModel: true },
  { method: 'POST', path: '/api/show', dialect: ollama, answer: ollamaModels.show, needsModel: true },
  { method: 'GET', path: '/api/tags', dialect: ollama, answer: ollamaModels.tags },
  { method: 'GET', path: '/api/ps', dialect: ollama, answer: ollamaModels.ps },
  { method: 'GET', path: '/api/version', dialect: ollama, answer: ollamaModels.version },
  { method: 'GET', path: '/', dialect: ollama, answer: running },
  {
    method: 'POST',
    path: '/v1/chat/completions',
    dialect: openai,
    answer: openaiRoutes.chatCompletions,
    needsModel: true,
  },
  { method: 'POST', path: '/v1/embeddings', dialect: openai, answer: openaiRoutes.embeddings, needsModel: true },
  { method: 'POST', path: '/v1/rerank', dialect: openai, answer: openaiRoutes.rerank, needsModel: true },
  { method: 'GET', path: '/v1/models', dialect: openai, answer: openaiRoutes.models },
  { method: 'POST', path: '/embed', dialect: tei, answer: teiRoutes.embed },
  { method: 'POST', path: '/', dialect: tei, answer: teiRoutes.embed },
  { method: 'POST', path: '/rerank', dialect: tei, answer: teiRoutes.rerank },
  { method: 'GET', path: '/info', dialect: tei, answer: teiRoutes.info },
  { method: 'GET', path: '/health', dialect: tei, answer: teiRoutes.health },
];

/** The dialect in which an unknown path is refused. */
export function dialectOf(path: string): Dialect {
  if (path.startsWith('/api')) return ollama;
  return path.startsWith('/v1') ? openai : tei;
}

/** @throws {Refusal} 404 for an unknown path, 405 for a known one with another method */
export function routeFor(method: string, path: string): Route {
  const there = ROUTES.filter((route) => route.path === path);
  const route = there.find((each) => each.method === method);
  if (route !== undefined) return route;
  throw new Refusal(there.length > 0 ? 405 : 404, `Invalid URL (${method} ${path})`, 'no such route');
}
