import { z } from 'zod';
import { ErrorCode, JobError } from '../../../shared/messages/job.ts';
import { placeAt } from '../dead-letter-cursor.ts';
import { AT, DEAD_LETTER, JOB } from './examples.ts';
import { limitOf, named, pageOf, Time } from './named.ts';

const AnyTime = z.iso.datetime({ offset: true });

const filterFields = {
  queue: z.string().max(200).optional().describe('Lane in which the command died, e.g. `embedder.default.low`.'),
  type: z.string().max(200).optional().describe('Type of the command, e.g. `texts.embed`.'),
  error_code: ErrorCode.optional(),
  before: AnyTime.optional().describe('Died before this time.'),
  after: AnyTime.optional().describe('Died after this time.'),
};

const example = {
  id: DEAD_LETTER,
  job: JOB,
  command: `${JOB}/answer.generate/0`,
  type: 'answer.generate',
  part: '0',
  queue: 'generator.default.normal',
  reason: 'failed',
  attempts: 3,
  error: {
    code: 'provider_error',
    message: 'the provider answered 500',
    retryable: false,
    stage: 'answer.generate',
    attempts: 3,
  },
  died_at: AT,
  age_s: 42,
  replay_count: 0,
  replayable: true,
};

export const DeadLetterView = named(
  'DeadLetter',
  z.object({
    id: z.string(),
    job: z.string().optional(),
    command: z.string().optional(),
    type: z.string(),
    part: z.string().optional(),
    queue: z.string(),
    reason: z.string(),
    attempts: z.int(),
    error: JobError,
    died_at: Time,
    age_s: z.int(),
    replay_count: z.int(),
    replayable: z.boolean(),
    body: z.unknown().optional().describe('What the command asked for; only when one letter is read.'),
  }),
  { examples: [example] },
);
export type DeadLetterView = z.infer<typeof DeadLetterView>;

export const DeadLetterPage = named('DeadLetterPage', pageOf(DeadLetterView));
export const DeadLetterPath = z.strictObject({ id: z.string() });
export const DeadLetterQuery = z.strictObject({
  ...filterFields,
  limit: limitOf(100, 1000),
  after: z
    .string()
    .max(200)
    .refine((text) => AnyTime.safeParse(text).success || placeAt(text) !== undefined, 'is neither a time nor a cursor')
    .optional()
    .describe('`next_cursor` of the page before, with the same filter; or a time: letters that died after it.'),
});

export const DeadLetterAction = named(
  'DeadLetterAction',
  z.strictObject({
    ids: z.array(z.string().max(100)).min(1).max(1000).optional(),
    filter: z.strictObject(filterFields).optional(),
    limit: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        'Most letters to act on, oldest first; those that are skipped do not count. 1000 by default, or what `rate_per_s` allows within a minute.',
      ),
    rate_per_s: z
      .number()
      .min(0.1)
      .max(10_000)
      .optional()
      .describe(
        'Letters a second. A request that would take longer than a minute is refused, since nobody else can look at dead letters meanwhile.',
      ),
    dry_run: z.boolean().optional().describe('Only say what would be touched and what skipped.'),
  }),
  { examples: [{ filter: { type: 'answer.generate', error_code: 'provider_error' }, limit: 100, rate_per_s: 10 }] },
);
export type DeadLetterAction = z.output<typeof DeadLetterAction>;

const Matched = z
  .int()
  .describe('Letters that fit, as far as they were looked at: up to `limit`, and the skipped ones.');
const Skipped = z
  .array(z.object({ id: z.string(), why: z.string() }))
  .describe('Letters that stay where they are, 1000 at most.');

export const Replayed = named('Replayed', z.object({ matched: Matched, replayed: z.int(), skipped: Skipped }), {
  examples: [{ matched: 1, replayed: 1, skipped: [] }],
});

export const Discarded = named('Discarded', z.object({ matched: Matched, discarded: z.int(), skipped: Skipped }), {
  examples: [{ matched: 1, discarded: 1, skipped: [] }],
});
