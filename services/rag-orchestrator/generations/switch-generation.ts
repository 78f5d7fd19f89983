import { TerminalError } from '../../../shared/bus/errors.ts';
import { type Handler, on } from '../../../shared/bus/handler.ts';
import { GenerationSwitched, GenerationUnready, SwitchGeneration } from '../../../shared/messages/reembedding.ts';
import type { Database } from '../../../shared/store/database.ts';
import { GenerationGone } from '../../../shared/store/errors.ts';
import { switchGeneration } from '../../../shared/store/rebuild.ts';

/** Lets a generation answer if it is ready. A second run finds it switched. */
export const switchGenerationHandler = (db: Database): Handler =>
  on(SwitchGeneration, async ({ generation, partial }) => {
    const { switched, lacking, refused, refusals, passages, dimensions } = await switchGeneration(db, generation, {
      partial,
    }).catch(refuse);
    const told = { generation, refused, refusals: [...refusals] };
    return {
      event: switched ? GenerationSwitched({ ...told, passages, dimensions }) : GenerationUnready({ ...told, lacking }),
    };
  });

function refuse(error: unknown): never {
  if (!(error instanceof GenerationGone)) throw error;
  throw new TerminalError('collection_not_found', 'the collection, or what was built of it, is gone', { cause: error });
}
