import { rmSync } from 'node:fs';

const living = new Set<() => void>();
const folders = new Set<string>();

/** However this process ends, first what it started is ended, then what it wrote is removed. */
process.on('exit', () => {
  endAll();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

/** Ends whatever still runs: a system that did not come up leaves its first parts behind. */
export function endAll(): void {
  for (const end of living) end();
  living.clear();
}

/** @returns how to let it go */
export function endAtExit(end: () => void): () => void {
  living.add(end);
  return () => void living.delete(end);
}

export const removeAtExit = (folder: string): void => void folders.add(folder);
