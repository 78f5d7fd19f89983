import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/*
 * How to start a module that lies beside the one that asks (`from`: its import.meta.url), as a thread or as a process.
 * Run from the sources it is given the loader of TypeScript first: neither inherits one.
 */

const isSource = (from: string): boolean => from.endsWith('.ts');

/** By its path: tests resolve this package for `require`, and its file for that cannot be imported. */
const tsx = (file: string): string =>
  new URL(file, pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'))).href;

/** What `new Worker` takes; `name` is without its ending. */
export function threadBeside(from: string, name: string): URL {
  if (!isSource(from)) return new URL(`./${name}.js`, from);
  const loader = JSON.stringify(tsx('./dist/esm/api/index.mjs'));
  const module = JSON.stringify(new URL(`./${name}.ts`, from));
  const code = `import { register } from ${loader}; register(); await import(${module});`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** What Node is started with; `name` is without its ending. */
export function programBeside(from: string, name: string): string[] {
  if (!isSource(from)) return [fileURLToPath(new URL(`./${name}.js`, from))];
  return ['--import', tsx('./dist/loader.mjs'), fileURLToPath(new URL(`./${name}.ts`, from))];
}
