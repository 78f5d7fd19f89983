import { burst } from './burst.ts';
import { drain } from './drain.ts';
import { poll, push } from './end-to-end.ts';
import { idle } from './idle.ts';
import { kill } from './kill.ts';
import type { Phase } from './phase.ts';
import { stream } from './stream.ts';
import { submit } from './submit.ts';

/** In the order in which they are run on a system. */
export const PHASES: readonly Phase[] = [idle, submit, push, poll, burst, drain, stream, kill];
