import { z } from 'zod';
import { Explanation, Passage } from '../../../shared/messages/retrieval.ts';
import { CITATION } from './examples.ts';
import { named } from './named.ts';

const { n: _, ...passage } = CITATION;

named('Explanation', Explanation, {
  description: 'How a score came about: `weight · dense.scaled + (1 − weight) · lexical.scaled`.',
  examples: [
    {
      weight: 0.8,
      dense: { rank: 1, similarity: 0.71, context: 0.64, scaled: 1 },
      lexical: { rank: 2, bm25: 7.4, scaled: 0.77 },
      model: 'all-MiniLM-L6-v2',
    },
  ],
});

export const SearchResults = named('SearchResults', z.object({ results: z.array(named('Passage', Passage)) }), {
  examples: [{ results: [{ ...passage, similarity: 0.71, metadata: {} }] }],
});
