const MAX_WAIT_S = 60;
const WAIT = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?/i;

/** Seconds that `Prefer: wait=N` asks for (RFC 7240), 60 at most; 0 without it. It is a wish, so nonsense is no error. */
export function waitOf(prefer: string): number {
  const seconds = WAIT.exec(prefer)?.[1];
  return seconds === undefined ? 0 : Math.min(Number(seconds), MAX_WAIT_S);
}
