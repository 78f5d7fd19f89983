/** Waits for something only as long as the job lasts; what was waited for goes on. @throws the signal's reason */
export async function whileWanted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let drop: (() => void) | undefined;
  try {
    const dropped = new Promise<never>((_, reject) => {
      drop = () => reject(signal.reason);
      if (signal.aborted) drop();
      signal.addEventListener('abort', drop);
    });
    return await Promise.race([promise, dropped]);
  } finally {
    if (drop !== undefined) signal.removeEventListener('abort', drop);
  }
}
