/**
 * A signal that is aborted after so long, or when `over` is. A timer of our own: what AbortSignal.any makes of a timeout
 * may be collected before it fires (Node 20).
 */
export function patience(ms: number, over: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const lost = new AbortController();
  const lose = () => lost.abort();
  const timer = setTimeout(lose, ms);
  over.addEventListener('abort', lose, { once: true });
  if (over.aborted) lose();
  return {
    signal: lost.signal,
    end: () => {
      clearTimeout(timer);
      over.removeEventListener('abort', lose);
    },
  };
}
