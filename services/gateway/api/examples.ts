/** Values that stand in the API documents, the same everywhere so that one request can be followed through. */
export const JOB = 'job_019b2f4e-7c1a-7d21-9f3e-0a4b5c6d7e8f';
export const PASSAGE = 'psg_019b2f4e-8f00-7c44-9b77-1a2b3c4d5e6f';
export const DEAD_LETTER = 'dl_019b2f4e-7c1a-7b35-a2c4-6f7e8d9c0b1a';
export const AT = '2026-01-31T12:00:00.000Z';

export const ASK_INPUT = { collection: 'handbook', question: 'How many days of leave do I have?' };
export const EMBED_INPUT = { texts: ['a text', 'another text'] };
export const GENERATE_INPUT = { prompt: 'Write a haiku about queues.' };
export const FILTER = {
  team: 'people',
  year: { gte: 2025 },
  or: [{ 'office.country': { in: ['DE', 'AT'] } }, { not: { draft: { exists: true } } }],
};
export const SEARCH_INPUT = { collection: 'handbook', query: 'days of leave', top_k: 5, filter: FILTER };
export const REEMBED_INPUT = {
  collection: 'handbook',
  embedding_model: 'bge-base-en-v1.5',
  eval: {
    queries: [{ _id: 'q1', text: 'How many days of leave do I have?' }],
    qrels: [{ query: 'q1', document: 'leave' }],
    min_recall_at_10: 0.9,
  },
};
export const TEXT_DOCUMENT = { id: 'leave', title: 'Leave', text: '# Leave\n\nEverybody has 30 days a year.' };
export const INGEST_INPUT = { collection: 'handbook', documents: [TEXT_DOCUMENT] };

export const CITATION = {
  n: 1,
  document_id: 'leave',
  passage_id: PASSAGE,
  title: 'Leave',
  heading: 'Leave',
  text: 'Everybody has 30 days a year.',
  score: 0.93,
  start: 9,
  end: 38,
};

export const QUEUED_JOB = {
  id: JOB,
  object: 'job',
  type: 'ask',
  status: 'queued',
  priority: 'normal',
  collection: 'handbook',
  progress: { done: 0, total: 0 },
  attempt: 1,
  max_attempts: 4,
  input: ASK_INPUT,
  tags: [],
  metadata: {},
  created_at: AT,
  last_seq: 0,
  links: { self: `/v1/jobs/${JOB}`, events: `/v1/jobs/${JOB}/events`, cancel: `/v1/jobs/${JOB}/cancel` },
};
