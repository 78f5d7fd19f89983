import type { History } from '../history.ts';
import { checkAcceptance } from './acceptance.ts';
import { checkDeadLetters } from './dead-letters.ts';
import { checkEffects } from './effects.ts';
import { checkEndings } from './endings.ts';
import { checkEvents } from './events.ts';
import { checkSurroundings } from './surroundings.ts';
import { checkTexts } from './texts.ts';
import type { Violation } from './violation.ts';

const CHECKS = [
  checkAcceptance,
  checkEndings,
  checkEvents,
  checkTexts,
  checkEffects,
  checkDeadLetters,
  checkSurroundings,
] as const;

/** Every promise that the history of a run shows broken. Pure. */
export const check = (history: History): Violation[] => CHECKS.flatMap((each) => each(history));
