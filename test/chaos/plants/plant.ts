import { fileURLToPath } from 'node:url';

/** A known bug, as changes to the build: in that module this text becomes that one. */
export interface Plant {
  readonly name: string;
  readonly changes: readonly Change[];
}

interface Change {
  /** Below `dist`. */
  readonly module: string;
  readonly find: string;
  readonly replace: string;
}

const HOOK = fileURLToPath(new URL('./hook.mjs', import.meta.url));

/** Plants a bug in a Node process. One whose text is not found there keeps the process from starting. */
export const planting = (plant: Plant): { readonly imports: string; readonly env: NodeJS.ProcessEnv } => ({
  imports: HOOK,
  env: { WARREN_PLANT: JSON.stringify(plant) },
});

/** A worker says that it is done before what follows from its work is safe. */
export const ACK_BEFORE_PUBLISH: Plant = {
  name: 'ack before publish',
  changes: [
    {
      module: 'shared/bus/worker.js',
      find: 'await conclude(ending, {',
      replace: 'for (const each of run.deliveries) each.ack(); await conclude(ending, {',
    },
  ],
};

/**
 * An ingest counts the batches that came back, whichever they were. That alone does no harm, since a record that comes
 * twice is heard once; so here the worker's answers have a new id each time, as they would without deterministic ids.
 */
export const COUNTER_INSTEAD_OF_SET: Plant = {
  name: 'counter instead of set',
  changes: [
    {
      module: 'services/rag-orchestrator/flows/open-document.js',
      find: 'if (!document.pending.includes(nameOf(batch)))\n        return undefined;\n    const pending',
      replace: 'if (document.pending.length === 0)\n        return undefined;\n    const pending',
    },
    {
      module: 'services/rag-orchestrator/flows/open-document.js',
      find: 'const pending = document.pending.filter((name) => name !== nameOf(batch));\n    if (batch.beside',
      replace: 'const pending = document.pending.slice(1);\n    if (batch.beside',
    },
    {
      module: 'shared/messages/record.js',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of the module
      find: '${command.part}${replay}${suffix}`',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of the module
      replace: "${command.part}${replay}${suffix}${event.type === 'texts.embedded' ? `/${Math.random()}` : ''}`",
    },
  ],
};

/** Clients are shown events whose transaction is still open. */
export const PUSH_BEFORE_COMMIT: Plant = {
  name: 'push before commit',
  changes: [
    {
      module: 'services/rag-orchestrator/turn.js',
      find: 'mustHaveKnown(superseded, await write(',
      replace: 'await send({ outputs: [], events: plan.events, again: [] }); mustHaveKnown(superseded, await write(',
    },
  ],
};
