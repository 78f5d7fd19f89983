import { fdatasyncSync } from 'node:fs';
import { type Extension, PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

/** WebAssembly status with which PGlite leaves its loop after an SQL error; any other exception is the end. */
const SQL_ERROR_STATUS = 100;
/** Errno of the C library inside PGlite. */
const EIO = 29;

const NO_FSYNC = '-F';
/** With a data folder: commits reach the disk. The only sync call that PGlite passes on to us is `fsync`. */
const DURABLE = [...PGlite.defaultStartParams.filter((param) => param !== NO_FSYNC), '-c', 'wal_sync_method=fsync'];

/** The parts of the Emscripten module that are needed here. */
interface Module {
  FS: {
    filesystems: { NODEFS: { stream_ops: { fsync?: (stream: { nfd: number }) => number } } };
    ErrnoError: new (errno: number) => Error;
  };
  _PostgresMainLoopOnce(): void;
}

export interface PgliteOptions {
  /** Absent: the database lives in memory and dies with the process. */
  readonly dataDir?: string | undefined;
  /** A dump of a data folder to begin with, instead of an empty database. */
  readonly template?: Blob | undefined;
}

/** Starts PGlite with pgvector. `onCrash` is called when the engine died inside; nothing can be done with it then. */
export async function openPglite(
  { dataDir, template }: PgliteOptions,
  onCrash: (error: unknown) => void,
): Promise<PGlite> {
  const pglite = await PGlite.create({
    extensions: dataDir === undefined ? { vector } : { vector, durable },
    ...(dataDir === undefined ? {} : { dataDir, startParams: DURABLE }),
    ...(template === undefined ? {} : { loadDataDir: template }),
  });
  noticeCrashes(pglite.Module as unknown as Module, onCrash);
  return pglite;
}

/** An extension only in name: its set-up is where the file system can be reached before the engine touches it. */
const durable: Extension = {
  name: 'durable',
  setup: async (_, options: { preRun?: ((module: Module) => void)[] }) => ({
    emscriptenOpts: { ...options, preRun: [...(options.preRun ?? []), syncForReal] },
  }),
};

/** PGlite's file system has no fsync: without this a committed job would be lost with the machine's power. */
function syncForReal({ FS }: Module): void {
  FS.filesystems.NODEFS.stream_ops.fsync = ({ nfd }) => {
    try {
      fdatasyncSync(nfd);
      return 0;
    } catch {
      throw new FS.ErrnoError(EIO);
    }
  };
}

/** PGlite swallows every exception of its main loop and enters it again, for ever when the engine is dead. */
function noticeCrashes(module: Module, onCrash: (error: unknown) => void): void {
  const once = module._PostgresMainLoopOnce.bind(module);
  module._PostgresMainLoopOnce = () => {
    try {
      once();
    } catch (error) {
      if ((error as { status?: number }).status !== SQL_ERROR_STATUS) onCrash(error);
      throw error;
    }
  };
}
