import { PARTS } from './behaviour.ts';
import { ROUTES } from './routes.ts';

const NAME_WIDTH = 25;

const partsTable = (): string => PARTS.map(({ form, means }) => `  ${form.padEnd(NAME_WIDTH)}${means}`).join('\n');

function routesTable(): string {
  const dialects = new Map<string, string[]>();
  for (const { method, path, dialect } of ROUTES) {
    dialects.set(dialect.name, [...(dialects.get(dialect.name) ?? []), `${method} ${path}`]);
  }
  return [...dialects].map(([name, routes]) => `  ${name.padEnd(8)}${routes.join(', ')}`).join('\n');
}

/** What the server knows: printed at its start. */
export const tables = (): string => `Routes
${routesTable()}
  control POST /control/faults {match?: {model?, path?}, fault, times?}, GET and DELETE /control/faults,
          GET /control/counts, POST /control/reset
  Before any of them, /m/<model> names the model for requests that name none: /m/mock-embed-d768-503/embed

Models: "mock" and any of these after hyphens, as in mock-ttft500-itl20-len400 or mock-fault-429-retry2
${partsTable()}
  :tag                     free, to tell models apart`;

export const HELP = `A mock of Ollama, OpenAI-compatible servers and Text Embeddings Inference.

usage: npm run mock-provider -- [--port N] [--host H] [--alias NAME=MODEL]… [--api-key KEY]

  --port N            0, the default, for any free port
  --host H            127.0.0.1
  --alias NAME=MODEL  another name for a model, such as llama3.2=mock-itl20
  --api-key KEY       requests without this bearer key get a 401
  --help

${tables()}
`;
