interface PackageList {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;
}

interface LockHolder {
  readonly pid: number;
  readonly host: string;
}

/** What the scripts that run before anything is installed export; they are JavaScript and carry no types. */
export interface Setup {
  nodeVersionProblem(version: string): string | undefined;
  matchesLock(lock: PackageList | undefined, installed: PackageList | undefined): boolean;
  needsInstall(root: string): boolean;
  fingerprint(root: string): string;
  needsBuild(root: string): boolean;
  isStale(
    owner: LockHolder | undefined,
    ageMs: number,
    here: { readonly host: string; readonly isRunning: (pid: number) => boolean },
  ): boolean;
  withLock<T>(folder: string, work: () => Promise<T>, onWait: () => void): Promise<T>;
}

const SCRIPTS = ['node-version', 'install', 'build', 'lock'];

const load = (name: string): Promise<object> =>
  import(new URL(`../../infra/start/setup/${name}.mjs`, import.meta.url).href) as Promise<object>;

/** Loads all of them, as one object. */
export const loadSetup = async (): Promise<Setup> =>
  Object.assign({}, ...(await Promise.all(SCRIPTS.map(load)))) as Setup;
