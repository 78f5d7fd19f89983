/** Something that runs until it is closed. Closing twice is closing once; close resolves when everything has ended. */
export interface Closeable {
  close(): Promise<void>;
}

/** Lets concurrent and repeated callers of a step share its one run. */
export function once<T>(step: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= step();
    return running;
  };
}
