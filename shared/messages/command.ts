import { GenerateAnswer } from './answering.ts';
import { CondenseQuestion } from './condensing.ts';
import { EmbedTexts } from './embedding.ts';
import type { Priority } from './job.ts';
import type { Message } from './message.ts';
import { RankPassages } from './ranking.ts';
import { BeginGeneration, GatherPassages, ProbeGeneration, SwitchGeneration } from './reembedding.ts';
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
  /** How much work a command is, for workers that take many light ones at once; 1 when absent. */
  readonly weigh?: (body: unknown) => number;
}

const lengthOf = (list: unknown): number => (Array.isArray(list) ? Math.max(1, list.length) : 1);
const weighTexts = (body: unknown): number => lengthOf((body as Partial<EmbedTexts['body']>).texts);
const weighPassages = (body: unknown): number => lengthOf((body as Partial<RankPassages['body']>).passages);

/** Every command there is, who carries it out and how patiently. */
export const COMMANDS: Readonly<Record<string, CommandKind>> = {
  [EmbedTexts.type]: { service: 'embedder', retries: 3, parse: EmbedTexts.parse, weigh: weighTexts },
  [SplitDocument.type]: { service: 'rag-orchestrator', retries: 2, parse: SplitDocument.parse },
  [RetrievePassages.type]: { service: 'rag-orchestrator', retries: 3, parse: RetrievePassages.parse },
  [RankPassages.type]: { service: 'embedder', retries: 2, parse: RankPassages.parse, weigh: weighPassages },
  [CondenseQuestion.type]: { service: 'generator', retries: 1, parse: CondenseQuestion.parse },
  [BeginGeneration.type]: { service: 'rag-orchestrator', retries: 3, parse: BeginGeneration.parse },
  [GatherPassages.type]: { service: 'rag-orchestrator', retries: 3, parse: GatherPassages.parse },
  [ProbeGeneration.type]: { service: 'rag-orchestrator', retries: 3, parse: ProbeGeneration.parse },
  [SwitchGeneration.type]: { service: 'rag-orchestrator', retries: 3, parse: SwitchGeneration.parse },
  [GenerateAnswer.type]: { service: 'generator', retries: 2, parse: GenerateAnswer.parse },
};

/** How much work a command is, in the unit of its type (texts, passages). */
export const weightOf = ({ type, body }: Pick<Command, 'type' | 'body'>): number => COMMANDS[type]?.weigh?.(body) ?? 1;

export const DEFAULT_POOL = 'default';

export const commandId = (job: string, type: string, part: string, replay = 0): string =>
  replay === 0 ? `${job}/${type}/${part}` : `${job}/${type}/${part}/${replay}`;
