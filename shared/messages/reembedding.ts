import { z } from 'zod';
import { message, type Of } from './message.ts';

/** Command: begin the next generation of vectors of a collection. */
export const BeginGeneration = message(
  'generation.begin',
  z.object({ owner: z.string(), collection: z.string(), model: z.string() }),
);
export type BeginGeneration = Of<typeof BeginGeneration>;

/** Event: it has begun; `model` is the name it is known by, `lacking` how many passages it lacks. */
export const GenerationBegun = message(
  'generation.begun',
  z.object({ generation: z.int(), model: z.string(), lacking: z.int() }),
);
export type GenerationBegun = Of<typeof GenerationBegun>;

/** Passages in a row: `count` of an edition, from position `from`. */
export const PassageRun = z.object({ edition: z.int(), from: z.int(), count: z.int() });
export type PassageRun = z.infer<typeof PassageRun>;

/** The place of a passage in the walk over a collection. */
export const Place = z.object({ edition: z.int(), ord: z.int() });
export type Place = z.infer<typeof Place>;

/** Command: hand out passages that a generation lacks, behind a place. */
export const GatherPassages = message('passages.gather', z.object({ generation: z.int(), after: Place }));
export type GatherPassages = Of<typeof GatherPassages>;

/** Event: here they are, in batches for the embedder; without `after` there are none behind them. */
export const PassagesGathered = message(
  'passages.gathered',
  z.object({
    generation: z.int(),
    batches: z.array(z.object({ runs: z.array(PassageRun), texts: z.array(z.string()) })),
    after: Place.optional(),
  }),
);
export type PassagesGathered = Of<typeof PassagesGathered>;

/** Command: try some of the job's questions, from position `from`, on a generation; `vectors` are theirs, base64 Float32. */
export const ProbeGeneration = message(
  'generation.probe',
  z.object({ generation: z.int(), from: z.int(), vectors: z.array(z.string()) }),
);
export type ProbeGeneration = Of<typeof ProbeGeneration>;

/** Event: the recall at 10 of each of these questions. */
export const GenerationProbed = message(
  'generation.probed',
  z.object({ generation: z.int(), from: z.int(), recalls: z.array(z.number()) }),
);
export type GenerationProbed = Of<typeof GenerationProbed>;

/** Command: let a generation answer from now on, if it lacks nothing (nor, unless `partial`, was refused anything). */
export const SwitchGeneration = message('generation.switch', z.object({ generation: z.int(), partial: z.boolean() }));
export type SwitchGeneration = Of<typeof SwitchGeneration>;

/** A passage that a model cannot embed. */
const Refusal = z.object({ document_id: z.string(), passage_id: z.string(), error: z.string() });
const Refused = {
  generation: z.int(),
  /** Passages of searchable documents that the model refused, and some of them. */
  refused: z.int(),
  refusals: z.array(Refusal),
};

/** Event: it is the active one. */
export const GenerationSwitched = message(
  'generation.switched',
  z.object({ ...Refused, passages: z.int(), dimensions: z.int().nullable() }),
);
export type GenerationSwitched = Of<typeof GenerationSwitched>;

/** Event: it is not ready to be the active one. */
export const GenerationUnready = message('generation.unready', z.object({ ...Refused, lacking: z.int() }));
export type GenerationUnready = Of<typeof GenerationUnready>;

/** Event for ingests under way: nobody wants the vectors of a generation any more. */
export const GenerationDropped = message('generation.dropped', z.object({ generation: z.int() }));
export type GenerationDropped = Of<typeof GenerationDropped>;
