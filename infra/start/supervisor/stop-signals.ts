import { ancestorsToWatch, isStillThere } from './ancestors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A Ctrl-C comes twice under npm: from the terminal and from npm. Only a later one means "at once". */
const SAME_SIGNAL_MS = 500;
const ANCESTOR_POLL_MS = 1_000;

export interface StopSignals {
  /** Aborted with the reason as soon as somebody wants us to stop. */
  readonly signal: AbortSignal;
  release(): void;
}

/**
 * Listens for what ends a supervisor: a signal, or the end of the npm that runs it (killed without passing it on).
 * @param atOnce called when a second signal says that there is no patience for a drain
 */
export function listenForStop(atOnce: () => void): StopSignals {
  const stop = new AbortController();
  let firstAt: number | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    firstAt ??= performance.now();
    if (!stop.signal.aborted) stop.abort(name);
    else if (performance.now() - firstAt > SAME_SIGNAL_MS) atOnce();
  };
  const ancestors = ancestorsToWatch();
  const watch = setInterval(() => {
    if (!stop.signal.aborted && !ancestors.every(isStillThere)) stop.abort('the end of npm');
  }, ANCESTOR_POLL_MS);
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: stop.signal,
    release: () => {
      clearInterval(watch);
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
