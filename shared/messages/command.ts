import { GenerateAnswer } from './answering.ts';
import { EmbedTexts } from './embedding.ts';
import type { Priority } from './job.ts';
import type { Message } from './message.ts';
import { RankPassages } from './ranking.ts';
import { RetrievePassages } from './retrieval.ts';
import { SplitDocument } from './splitting.ts';

export const SERVICES = ['embedder', 'generator', 'rag-orchestrator'] as const;
/** A service that carries out commands; it names the first part of its lanes. */
export type Service = (typeof SERVICES)[number];

/** A command on its way to a lane: what to do, for which job, and how much may go wrong. */
export interface Command {
  /** `<job>/<type>/<part>[/<replay>]`: the same wish always has the same id. */
  readonly id: string;
  readonly job: string;
  readonly type: string;
  /** Distinguishes the commands of one type within a job. */
  readonly part: string;
  readonly body: unknown;
  readonly priority: Priority;
  readonly pool: string;
  /** Counted from 1. */
  readonly attempt: number;
  readonly max_attempts: number;
  /** Epoch milliseconds after which nobody wants the outcome. */
  readonly deadline?: number;
  /** How often this command came back from the dead letters. */
  readonly replay: number;
}

interface CommandKind {
  readonly service: Service;
  /** Retries after the first attempt, unless the job says `max_attempts`. */
  readonly retries: number;
  readonly parse: (body: unknown) => Message;
}

/** Every command there is, who carries it out and how patiently. */
export const COMMANDS: Readonly<Record<string, CommandKind>> = {
  [EmbedTexts.type]: { service: 'embedder', retries: 3, parse: EmbedTexts.parse },
  [SplitDocument.type]: { service: 'rag-orchestrator', retries: 2, parse: SplitDocument.parse },
  [RetrievePassages.type]: { service: 'rag-orchestrator', retries: 3, parse: RetrievePassages.parse },
  [RankPassages.type]: { service: 'embedder', retries: 2, parse: RankPassages.parse },
  [GenerateAnswer.type]: { service: 'generator', retries: 2, parse: GenerateAnswer.parse },
};

export const DEFAULT_POOL = 'default';

export const commandId = (job: string, type: string, part: string, replay = 0): string =>
  replay === 0 ? `${job}/${type}/${part}` : `${job}/${type}/${part}/${replay}`;
