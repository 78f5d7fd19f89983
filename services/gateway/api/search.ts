import { z } from 'zod';
import { Passage } from '../../../shared/messages/retrieval.ts';
import { CITATION } from './examples.ts';
import { named } from './named.ts';

const { n: _, ...passage } = CITATION;

export const SearchResults = named('SearchResults', z.object({ results: z.array(named('Passage', Passage)) }), {
  examples: [{ results: [{ ...passage, similarity: 0.71, metadata: {} }] }],
});
