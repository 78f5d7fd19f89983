import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from '../problem.ts';
import { named } from './named.ts';

const CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

/** RFC 9457 problem details, the body of every error. */
export const ProblemView = named(
  'Problem',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(CODES),
    request_id: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  }),
  {
    examples: [
      {
        type: 'urn:warren:problem:validation_failed',
        title: 'The request does not fit its schema',
        status: 422,
        detail: '/input/texts: is missing',
        code: 'validation_failed',
        request_id: '4d0f6a8e-8d0c-4a55-9a3c-0f7d4be1a111',
        errors: [{ pointer: '/input/texts', detail: 'is missing' }],
      },
    ],
  },
);
