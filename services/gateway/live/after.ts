import { validationFailed } from '../middleware/validate.ts';

/**
 * Whoever was shown an event has a number that is stored, so a greater one than the newest is a slip: nothing would come
 * until the job has got that far, which may be never.
 * @throws {Problem} validation_failed
 */
export function refuseBeyond(after: number, lastSeq: number, pointer: string): void {
  if (after <= lastSeq) return;
  throw validationFailed([{ pointer, detail: `the last event of the job is number ${lastSeq}` }]);
}
