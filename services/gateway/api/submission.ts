import { z } from 'zod';
import { FilterCondition, FilterForm } from '../../../shared/messages/filter.ts';
import {
  AskInput,
  ChatMessage,
  DocumentInput,
  EmbedInput,
  GenerateInput,
  IngestInput,
  ReembedInput,
  SearchInput,
} from '../../../shared/messages/inputs.ts';
import { type JobType, Priority } from '../../../shared/messages/job.ts';
import {
  ASK_INPUT,
  EMBED_INPUT,
  FILTER,
  GENERATE_INPUT,
  INGEST_INPUT,
  REEMBED_INPUT,
  SEARCH_INPUT,
  TEXT_DOCUMENT,
} from './examples.ts';
import { named } from './named.ts';

const YEAR_MS = 366 * 24 * 3600 * 1000;
const MAX_DEADLINE_MS = 30 * 24 * 3600 * 1000;
const MAX_ATTEMPTS = 25;
const MAX_TAGS = 20;
const MAX_TAG_CHARS = 100;
const MAX_METADATA_KEYS = 100;

named('ChatMessage', ChatMessage);
named('DocumentInput', DocumentInput, {
  description:
    'A document: either `text`, or `content_base64` with a `mime_type` (or a `source`/`title` whose name tells it).',
  examples: [TEXT_DOCUMENT],
});
named('FilterCondition', FilterCondition, {
  description: 'What is asked of a value: all that is named. Numbers and strings are never compared with each other.',
  examples: [{ gte: '2026-01-01', lt: '2027-01-01' }],
});
named('Filter', FilterForm, {
  description:
    'Restricts passages by the metadata of their document: every key must hold. A plain value stands for equality. A key ' +
    'with dots is a path into nested metadata, or the whole key. A list holds when one of its items does. At most 500 ' +
    'values in all, `and`, `or` and `not` at most 8 deep.',
  examples: [FILTER],
});
named('AskInput', AskInput, { examples: [ASK_INPUT] });
named('IngestInput', IngestInput, { examples: [INGEST_INPUT] });
named('EmbedInput', EmbedInput, { examples: [EMBED_INPUT] });
named('GenerateInput', GenerateInput, { examples: [GENERATE_INPUT] });
named('SearchInput', SearchInput, { examples: [SEARCH_INPUT] });
named('ReembedInput', ReembedInput, { examples: [REEMBED_INPUT] });

/** What is no time at all is told by another check. */
const withinAYear = (time: string) => !(Date.parse(time) >= Date.now() + YEAR_MS);

/** What every job may say beside its type and input. */
const common = {
  priority: Priority.optional().describe('Default `normal`; `ingest` and `reembed` jobs `low`.'),
  run_at: z.iso
    .datetime({ offset: true })
    .refine(withinAYear, 'at most a year ahead')
    .optional()
    .describe('Not before this time; the job is `scheduled` until then.'),
  deadline_ms: z
    .int()
    .min(1)
    .max(MAX_DEADLINE_MS)
    .optional()
    .describe(
      'The job fails with `deadline_exceeded` when it has not ended so long after its submission (or `run_at`).',
    ),
  max_attempts: z.int().min(1).max(MAX_ATTEMPTS).optional().describe('Attempts of every step of the job.'),
  tags: z.array(z.string().min(1).max(MAX_TAG_CHARS)).max(MAX_TAGS).optional(),
  metadata: z
    .record(z.string(), z.unknown())
    .refine((metadata) => Object.keys(metadata).length <= MAX_METADATA_KEYS, `at most ${MAX_METADATA_KEYS} keys`)
    .optional()
    .describe('Kept with the job as it is.'),
};

const submissionOf = <Type extends JobType, Input extends z.ZodType>(type: Type, input: Input) =>
  z.strictObject({ type: z.literal(type), input, ...common });

/** What a client may submit: the body of POST /v1/jobs and of a `submit` frame. */
export const Submission = named(
  'Submission',
  z.discriminatedUnion('type', [
    submissionOf('ask', AskInput),
    submissionOf('ingest', IngestInput),
    submissionOf('embed', EmbedInput),
    submissionOf('generate', GenerateInput),
    submissionOf('search', SearchInput),
    submissionOf('reembed', ReembedInput),
  ]),
  {
    examples: [
      { type: 'ask', input: ASK_INPUT, priority: 'high' },
      { type: 'embed', input: EMBED_INPUT, tags: ['nightly'], max_attempts: 5 },
    ],
  },
);
export type Submission = z.output<typeof Submission>;
