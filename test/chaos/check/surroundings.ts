import type { History } from '../history.ts';
import type { Violation } from './violation.ts';

/** Nothing is left in the queues, no process ended by itself, and the system came back after every disturbance. */
export function checkSurroundings({ leftovers, crashes, faults }: History): Violation[] {
  return [
    ...[...leftovers].map(([queue, what]): Violation => ({ promise: 'leftover', subject: queue, what })),
    ...crashes.map((line): Violation => ({ promise: 'crash', subject: line.split(':')[0] ?? line, what: line })),
    ...faults.flatMap(({ what, recoveredAt }): Violation[] =>
      recoveredAt === undefined ? [{ promise: 'not recovered', subject: what, what: 'no question was answered' }] : [],
    ),
  ];
}
