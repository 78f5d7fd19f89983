import type { Handler } from '../../../shared/bus/handler.ts';
import type { Database } from '../../../shared/store/database.ts';
import { beginGenerationHandler } from './begin-generation.ts';
import { gatherPassages } from './gather-passages.ts';
import { probeGeneration } from './probe-generation.ts';
import { switchGenerationHandler } from './switch-generation.ts';

/** All that a re-embedding has done here. */
export const generationHandlers = (db: Database): Handler[] => [
  beginGenerationHandler(db),
  gatherPassages(db),
  probeGeneration(db),
  switchGenerationHandler(db),
];
