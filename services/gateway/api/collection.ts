import { z } from 'zod';
import { CollectionName, DocumentInput, ReembedInput } from '../../../shared/messages/inputs.ts';
import { AT, INGEST_INPUT, JOB, TEXT_DOCUMENT } from './examples.ts';
import { limitOf, named, pageOf, Time } from './named.ts';

const MIN_PASSAGE_TOKENS = 16;
const MAX_PASSAGE_TOKENS = 8192;

export const NewCollection = named(
  'NewCollection',
  z.strictObject({
    name: CollectionName,
    embedding_model: z.string().min(1, 'must name a model; leave the field out for the default').max(200).optional(),
    language: z
      .string()
      .min(1)
      .max(63)
      .optional()
      .describe('Whose word endings and stop words are known: `english` (default), `german`, …; `simple` knows none.'),
    chunking: z
      .strictObject({
        size: z.int().min(MIN_PASSAGE_TOKENS).max(MAX_PASSAGE_TOKENS).describe('Size of a passage in tokens.'),
        overlap: z.int().min(0).describe('How many of them neighbours share.'),
      })
      .refine(({ size, overlap }) => overlap <= size / 2, { error: 'at most half of size', path: ['overlap'] })
      .optional(),
  }),
  { examples: [{ name: 'handbook' }] },
);

const GenerationView = named(
  'Generation',
  z.object({
    id: z.int(),
    embedding_model: z.string(),
    dimensions: z.int().nullable(),
    state: z
      .enum(['building', 'active', 'retired'])
      .describe('`building`: a `reembed` job makes it. `retired`: kept to go back to.'),
    job: z.string().optional().describe('The job that builds it, or did.'),
    created_at: Time,
    activated_at: Time.optional(),
    retired_at: Time.optional(),
    kept_until: Time.optional().describe('Until then one can go back to it.'),
  }),
);
export type GenerationView = z.infer<typeof GenerationView>;

export const CollectionView = named(
  'Collection',
  z.object({
    object: z.literal('collection'),
    name: z.string(),
    embedding_model: z.string(),
    dimensions: z.int().nullable().describe('Unknown until the first vector is stored.'),
    generations: z.array(GenerationView).describe('Its vectors by model, oldest first; one generation is active.'),
    language: z.string(),
    chunking: z.object({ size: z.int(), overlap: z.int() }),
    documents: z.int(),
    passages: z.int().describe('Passages that searches see.'),
    created_at: Time,
  }),
  {
    examples: [
      {
        object: 'collection',
        name: 'handbook',
        embedding_model: 'all-MiniLM-L6-v2',
        dimensions: 384,
        generations: [
          {
            id: 1,
            embedding_model: 'all-MiniLM-L6-v2',
            dimensions: 384,
            state: 'active',
            created_at: AT,
            activated_at: AT,
          },
        ],
        language: 'english',
        chunking: { size: 200, overlap: 30 },
        documents: 1,
        passages: 1,
        created_at: AT,
      },
    ],
  },
);
export type CollectionView = z.infer<typeof CollectionView>;

export const CollectionPage = named('CollectionPage', pageOf(CollectionView));
export const CollectionPath = z.strictObject({ name: z.string() });

const documentFields = {
  object: z.literal('document'),
  id: z.string(),
  title: z.string(),
  source: z.string().optional(),
  mime_type: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  bytes: z.int(),
  status: z.enum(['pending', 'searchable', 'partial', 'failed']),
  error: z.string().optional(),
  passages: z.int(),
  failed_passages: z.int(),
  job: z.string().describe('The newest ingest job that brought it.'),
  created_at: Time,
  updated_at: Time,
};

const exampleDocument = {
  object: 'document',
  id: 'leave',
  title: 'Leave',
  mime_type: 'text/markdown',
  metadata: {},
  bytes: TEXT_DOCUMENT.text.length,
  status: 'searchable',
  passages: 1,
  failed_passages: 0,
  job: JOB,
  created_at: AT,
  updated_at: AT,
};

export const DocumentView = named('Document', z.object(documentFields), { examples: [exampleDocument] });
export type DocumentView = z.infer<typeof DocumentView>;

export const DocumentWithText = named(
  'DocumentWithText',
  z.object({ ...documentFields, text: z.string().nullable().describe('Null until it was split.') }),
  {
    examples: [{ ...exampleDocument, text: TEXT_DOCUMENT.text }],
  },
);

export const DocumentPage = named('DocumentPage', pageOf(DocumentView));
export const DocumentPath = z.strictObject({ name: z.string(), id: z.string() });
export const PageQuery = z.strictObject({ limit: limitOf(50, 200), after: z.string().max(500).optional() });

const MAX_DOCUMENTS = 1000;

export const NewDocuments = named(
  'NewDocuments',
  z.strictObject({ documents: z.array(DocumentInput).min(1).max(MAX_DOCUMENTS) }),
  { examples: [{ documents: INGEST_INPUT.documents }] },
);

export const Reembedding = named('Reembedding', ReembedInput.omit({ collection: true }), {
  examples: [{ embedding_model: 'bge-base-en-v1.5' }],
});
