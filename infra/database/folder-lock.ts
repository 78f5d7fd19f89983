import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join, relative } from 'node:path';

/**
 * Makes sure that one process at a time uses a data folder: two would destroy it. The lock is a Unix socket in the
 * folder, which stops answering at the instant its process dies, however it dies.
 * @returns a function that gives the lock back
 * @throws {Error} when another process that is alive has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = shortest(join(folder, 'lock'));
  const server = createServer((socket) => socket.destroy());
  try {
    await bind(server, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    if (await answers(path)) throw new Error(`another process uses the database in ${folder}`);
    await rm(path, { force: true });
    await bind(server, path);
  }
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

/** Socket paths may have about a hundred bytes only. */
function shortest(path: string): string {
  const near = relative(process.cwd(), path);
  return near.length < path.length ? near : path;
}

const bind = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
